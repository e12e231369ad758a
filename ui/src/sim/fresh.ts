/**
 * A fresh start by the rules of `Racer.start`, drawn in the page from a seed: for watching, never for play.
 * Assigned starts come from the server with all their randomness in them.
 */
import { emptyMotion, type State } from "./rules";
import type { Track } from "./track";

export interface Conditions {
  car: string;
  boxes: number;
  patch_grip: number;
  light: number;
}

export const CONDITIONS: Conditions = { car: "sport", boxes: 8, patch_grip: 0.6, light: 1 };
const BOXES = 8;
const PATCHES = 3;
const AWAY_M = -100;

/** Conditions of a campaign's configuration, with the environment's defaults where it says nothing. */
export function conditionsOf(config: Record<string, unknown>): Conditions {
  return { ...CONDITIONS, ...(config.conditions as Partial<Conditions> | undefined) };
}

/** Uniform numbers in [0, 1) from a 32-bit seed (mulberry32). */
export function uniform(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

export function freshStart(track: Track, conditions: Conditions, seed: number): State {
  const draw = uniform(seed);
  const { centre, tangent, halfWidth, points } = track;
  const waypoint = Math.floor(draw() * points);
  const [tx, ty] = [tangent[2 * waypoint]!, tangent[2 * waypoint + 1]!];
  const [aside, turn, speed] = [0.12 * (2 * draw() - 1), 0.2 * (2 * draw() - 1), 1.2 + 0.3 * (2 * draw() - 1)];
  const length = Math.hypot(1, turn);
  const motion = emptyMotion();
  motion.set([
    centre[2 * waypoint]! - ty * aside,
    centre[2 * waypoint + 1]! + tx * aside,
    (tx - turn * ty) / length,
    (ty + turn * tx) / length,
    speed,
  ]);
  const boxes = new Float32Array(4 * BOXES);
  for (let box = 0; box < BOXES; box++) {
    const gap = points / (BOXES + 1);
    const at = (waypoint + Math.floor((box + 1 + 0.5 * draw()) * gap)) % points;
    const side = 2 * draw() - 1;
    const off = Math.sign(side) * (0.3 + 0.45 * Math.abs(side)) * halfWidth[at]!;
    const [bx, by] = [tangent[2 * at]!, tangent[2 * at + 1]!];
    const x = box < conditions.boxes ? centre[2 * at]! - by * off : AWAY_M;
    boxes.set([x, centre[2 * at + 1]! + bx * off, bx, by], 4 * box);
  }
  const patches = new Float32Array(4 * PATCHES);
  for (let patch = 0; patch < PATCHES; patch++) {
    const at = Math.floor(draw() * points);
    patches.set([centre[2 * at]!, centre[2 * at + 1]!, 0.25 + 0.35 * draw(), conditions.patch_grip], 4 * patch);
  }
  const vary = conditions.light;
  const light = Float32Array.of(1 + vary * (0.5 * draw() - 0.25), vary * (0.16 * draw() - 0.08), Math.floor(32 * draw()), vary * 0.16 * draw());
  return { waypoint, along: 0, motion, boxes, patches, light };
}
