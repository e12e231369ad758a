/** A driven way as a run of the replay: one row a tick of the race's clock, penalties included. Pure. */
import { C, MOTION, S, V, X, Y } from "../sim/car";
import type { Run } from "../play/runs";
import type { EntryPath, FinalReplay } from "./wire";

/** Ticks that the car stood for, of a stop's milliseconds. */
export function standing(ms: number, ticks_per_s: number): number {
  return Math.round((ms * ticks_per_s) / 1000);
}

/** in a tick: further than any car drives */
const JUMP_MM = 600;

type Samples = Pick<EntryPath, "x_mm" | "y_mm" | "heading_mrad">;

/** Which sample each row of the clock shows; where the car was put back it stands, then goes on. */
function rowsOf(path: EntryPath): number[] {
  const samples = path.x_mm.length;
  const stops = new Map(path.stops.map(({ tick, ms }) => [tick, standing(ms, path.ticks_per_s)]));
  const rows: number[] = samples === 0 ? [] : [0];
  for (let at = 0; at < samples; at++) {
    rows.push(at);
    // A stop is after its tick; from then on the car is where the next tick begins.
    const stands = stops.get(at + 1) ?? 0;
    for (let i = 0; i < stands; i++) rows.push(Math.min(at + 1, samples - 1));
  }
  return rows;
}

/** Motions (ticks + 1, MOTION) of samples; `jumps`: those at which the car was put somewhere else. */
function motionsOf({ x_mm, y_mm, heading_mrad }: Samples, rows: readonly number[], jumps: ReadonlySet<number>, ticks_per_s: number): Run {
  const motions = new Float32Array(Math.max(rows.length, 1) * MOTION);
  rows.forEach((sample, row) => {
    const heading = heading_mrad[sample]! / 1000;
    const moved = rows[row - 1] === sample - 1 && !jumps.has(sample);
    const [x, y] = [x_mm[sample]! / 1000, y_mm[sample]! / 1000];
    const base = row * MOTION;
    motions[base + X] = x;
    motions[base + Y] = y;
    motions[base + C] = Math.cos(heading);
    motions[base + S] = Math.sin(heading);
    motions[base + V] = moved ? Math.hypot(x - x_mm[sample - 1]! / 1000, y - y_mm[sample - 1]! / 1000) * ticks_per_s : 0;
  });
  return { motions, ticks: Math.max(rows.length - 1, 0), from: 0, crashed: false };
}

/** The car's motions from the first sample on. */
export function runOf(path: EntryPath): Run {
  return motionsOf(path, rowsOf(path), new Set(path.stops.map(({ tick }) => tick)), path.ticks_per_s);
}

/** Motions of the bot cars beside it; they stand while its penalty runs. */
export function botsOf(path: EntryPath): Run[] {
  const rows = rowsOf(path);
  return path.bots.map((bot) => motionsOf(bot, rows, new Set(), path.ticks_per_s));
}

/** Motions of a final's cars, in the order of the grid; where they were put back they jump. */
export function finalRuns({ cars, ticks_per_s }: Pick<FinalReplay, "ticks_per_s"> & { cars: Samples[] }): Run[] {
  return cars.map((car) => {
    const rows = [0, ...car.x_mm.keys()];
    const jumps = car.x_mm.flatMap((x, i) => (i > 0 && Math.hypot(x - car.x_mm[i - 1]!, car.y_mm[i]! - car.y_mm[i - 1]!) > JUMP_MM ? [i] : []));
    return motionsOf(car, car.x_mm.length === 0 ? [] : rows, new Set(jumps), ticks_per_s);
  });
}

/** Boxes (n, 4): x, y, cos, sin. */
export function boxesOf(path: EntryPath): Float32Array {
  return Float32Array.from(
    path.boxes.flatMap(({ x_mm, y_mm, heading_mrad }) => {
      const heading = heading_mrad[0]! / 1000;
      return [x_mm[0]! / 1000, y_mm[0]! / 1000, Math.cos(heading), Math.sin(heading)];
    }),
  );
}
