/** Who is where in a final at a moment of its clock. Pure. */
import type { FinalReplay } from "./wire";

type Car = FinalReplay["cars"][number];
type Way = Pick<Car, "along_mm" | "contacts" | "shown">;

export interface Place {
  /** its place on the grid, from 0 */
  car: number;
  /** that it is in, from 1; the last one also once it is done */
  lap: number;
  /** seconds after the leader was where it is; null where the leader never was since the start */
  gap_s: number | null;
  contacts: number;
  /** waits out a penalty, or drives on through others after it */
  apart: boolean;
  done: boolean;
}

export interface Course {
  ticks_per_s: number;
  lap_mm: number;
  laps: number;
  ways: Way[];
  /** for each car how far it had come at most by each tick, which never falls */
  reached: number[][];
  /** ticks, with their fraction, at which each crossed the line for the last time; null where it never did */
  finished: (number | null)[];
}

/** Prepare a replay once for asking at any moment. */
export function courseOf({ ticks_per_s, length_m, cars }: Pick<FinalReplay, "ticks_per_s" | "length_m"> & { cars: Way[] }, laps: number): Course {
  const reached = cars.map(({ along_mm }) => {
    let most = -Infinity;
    return along_mm.map((along) => (most = Math.max(most, along)));
  });
  const lap_mm = 1000 * length_m;
  // Ways are rounded to whole millimetres.
  const finished = reached.map((way) => passedAt(way, laps * lap_mm - 1));
  return { ticks_per_s, lap_mm, laps, ways: cars, reached, finished };
}

/** The tick, with its fraction, at which a way first came to `mm`; null where it never did, or began further on. */
function passedAt(reached: number[], mm: number): number | null {
  if (reached.length === 0 || reached[0]! > mm || reached.at(-1)! < mm) return null;
  let [low, high] = [0, reached.length - 1];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (reached[middle]! < mm) low = middle + 1;
    else high = middle;
  }
  const [before, after] = [reached[low - 1] ?? reached[low]!, reached[low]!];
  // Sample i is after tick i + 1.
  return after === before ? low + 1 : low + (mm - before) / (after - before);
}

/** Cars from the first on at a clock in ticks: who is done by when it was, the others by how far they are. */
export function orderAt(course: Course, clock: number): Place[] {
  const { ways, reached, finished, laps, lap_mm, ticks_per_s } = course;
  const samples = ways[0]?.along_mm.length ?? 0;
  const at = Math.min(Math.max(Math.floor(clock), 1), samples) - 1;
  const isDone = (car: number): boolean => finished[car] !== null && finished[car]! <= clock;
  const order = ways.map((_, car) => car);
  order.sort((one, other) => {
    if (isDone(one) && isDone(other)) return finished[one]! - finished[other]! || one - other;
    if (isDone(one) !== isDone(other)) return isDone(one) ? -1 : 1;
    return ways[other]!.along_mm[at]! - ways[one]!.along_mm[at]! || one - other;
  });
  const leader = order[0] ?? 0;
  return order.map((car) => {
    const done = isDone(car);
    const along = ways[car]!.along_mm[at]!;
    const led = passedAt(reached[leader]!, done ? laps * lap_mm - 1 : along);
    const now = done ? finished[car]! : at + 1;
    return {
      car,
      lap: Math.min(Math.floor(Math.max(along, 0) / lap_mm) + 1, laps),
      gap_s: car === leader ? 0 : led === null ? null : Math.max(0, now - led) / ticks_per_s,
      contacts: ways[car]!.contacts[at]!,
      apart: !done && !ways[car]!.shown[at]!,
      done,
    };
  });
}
