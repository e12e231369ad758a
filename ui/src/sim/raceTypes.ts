/** Kinds of races: alone, among boxes, among bot cars, against one another. Twin of `envs/racer/race_types.py`. */
import { mixed } from "./hashing";

export interface Place {
  /** of the lap from the start line */
  percent: number;
  lane: "inside" | "outside";
}

export interface RaceType {
  type: "time_trial" | "object_avoidance" | "head_to_bot" | "head_to_head";
  objects: number;
  places: Place[];
  speed_mps: number;
  changes: boolean;
  change_s: number[];
}

export const TIME_TRIAL: RaceType = { type: "time_trial", objects: 0, places: [], speed_mps: 1, changes: false, change_s: [1, 5] };
const FIRST_PERCENT = 7;
const LAST_PERCENT = 90;
const APART_PERCENT = 13;
const LANES = ["inside", "outside"] as const;

/** Places: the fixed ones, or those that follow from a 32-bit word. */
export function drawn(race: RaceType, word: number): Place[] {
  const { objects, places } = race;
  if (places.length > 0) return places;
  const words = Array.from({ length: 2 * objects }, (_, number) => mixed((word + 1 + number) >>> 0));
  const room = LAST_PERCENT - FIRST_PERCENT - APART_PERCENT * (objects - 1);
  const shares = words.slice(0, objects).map((one) => (one >>> 8) / 2 ** 24);
  shares.sort((a, b) => a - b);
  return shares.map((share, number) => ({ percent: FIRST_PERCENT + room * share + APART_PERCENT * number, lane: LANES[words[objects + number]! & 1]! }));
}

/** A 32-bit word for a numbered episode of a seed. */
export function wordOf(seed: number, number: number): number {
  return mixed((mixed(seed >>> 0) ^ mixed((number + 1) >>> 0)) >>> 0);
}
