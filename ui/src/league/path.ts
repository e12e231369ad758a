/** A driven way as a run of the replay: one row a tick of the race's clock, penalties included. Pure. */
import { C, MOTION, S, V, X, Y } from "../sim/car";
import type { Run } from "../play/runs";
import type { EntryPath } from "./wire";

/** Ticks that the car stood for, of a stop's milliseconds. */
export function standing(ms: number, ticks_per_s: number): number {
  return Math.round((ms * ticks_per_s) / 1000);
}

/** Motions (ticks + 1, MOTION) from the first sample on; where the car was put back it stands, then goes on. */
export function runOf(path: EntryPath): Run {
  const samples = path.x_mm.length;
  const stops = new Map(path.stops.map(({ tick, ms }) => [tick, standing(ms, path.ticks_per_s)]));
  const rows: number[] = samples === 0 ? [] : [0];
  for (let at = 0; at < samples; at++) {
    rows.push(at);
    // A stop is after its tick; from then on the car is where the next tick begins.
    const stands = stops.get(at + 1) ?? 0;
    for (let i = 0; i < stands; i++) rows.push(Math.min(at + 1, samples - 1));
  }
  const motions = new Float32Array(Math.max(rows.length, 1) * MOTION);
  rows.forEach((sample, row) => {
    const heading = path.heading_mrad[sample]! / 1000;
    const moved = rows[row - 1] === sample - 1 && !stops.has(sample);
    const [x, y] = [path.x_mm[sample]! / 1000, path.y_mm[sample]! / 1000];
    const base = row * MOTION;
    motions[base + X] = x;
    motions[base + Y] = y;
    motions[base + C] = Math.cos(heading);
    motions[base + S] = Math.sin(heading);
    motions[base + V] = moved ? Math.hypot(x - path.x_mm[sample - 1]! / 1000, y - path.y_mm[sample - 1]! / 1000) * path.ticks_per_s : 0;
  });
  return { motions, ticks: Math.max(rows.length - 1, 0), from: 0, crashed: false };
}
