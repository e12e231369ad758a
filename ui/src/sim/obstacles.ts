/**
 * Boxes and bot cars on a road: where they are, how bots drive, whether a car overlaps one.
 *
 * Twin of `envs/racer/obstacles.py`.
 */
import { mixed } from "./hashing";
import { drawn, type RaceType } from "./raceTypes";
import { TICKS_PER_S } from "./rules";
import type { Half } from "./sensors";
import type { Track } from "./track";

const f = Math.fround;

export const CAR_HALF_M: Half = [f(0.16176), f(0.09805)];
const BOX_HALF_M: Half = [f(0.25), f(0.2)];
const BOX_SEEN_HALF_M: Half = [f(0.2), f(0.15)];
const LANE = f(0.5);
const CLEAR_M = 1;
const BESIDE_M = 0.55;
const STRIDE = 0x9e3779b9;

/** What is on the road beside the car, column by column; `drive` changes it in place. */
export interface Objects {
  /** metres from waypoint 0 along the centre line */
  along: Float32Array;
  /** 1 in the middle of the left lane, -1 of the right one, and where a bot changes to */
  side: Float32Array;
  target: Float32Array;
  /** ticks until a bot changes lanes, and the word of which the next wait is drawn */
  wait: Int32Array;
  word: Uint32Array;
}

/** Half sizes of the objects: as crashes count them, and as they are seen. */
export function halves(race: RaceType): { hit: Half; seen: Half } {
  return race.type === "head_to_bot" ? { hit: CAR_HALF_M, seen: CAR_HALF_M } : { hit: BOX_HALF_M, seen: BOX_SEEN_HALF_M };
}

/** Objects at the start of an episode, drawn from a 32-bit word. */
export function placed(race: RaceType, track: Track, word: number): Objects {
  const places = race.objects > 0 ? drawn(race, word) : [];
  const { centre, points } = track;
  let enclosed = 0;
  for (let i = 0; i < points; i++) {
    const next = (i + 1) % points;
    enclosed += centre[2 * i]! * centre[2 * next + 1]! - centre[2 * next]! * centre[2 * i + 1]!;
  }
  const length = f(track.spacing * points);
  const side = Float32Array.from(places, ({ lane }) => ((lane === "inside") === enclosed > 0 ? 1 : -1));
  const words = Uint32Array.from(places, (_, number) => mixed((word ^ mixed(number)) >>> 0));
  return {
    along: Float32Array.from(places, ({ percent }) => f(f(f(percent) * f(0.01)) * length)),
    side,
    target: side.slice(),
    wait: Int32Array.from(words, (one) => waitOf(race, one)),
    word: words,
  };
}

/** Ticks between two changes of lanes. */
function waitOf({ change_s }: RaceType, word: number): number {
  const [least, most] = [Math.round(TICKS_PER_S * change_s[0]!), Math.round(TICKS_PER_S * change_s[1]!)];
  return least + ((mixed(word) >>> 8) % (most - least + 1));
}

/** A tick of the bots; boxes stay. */
export function drive(race: RaceType, track: Track, objects: Objects): void {
  if (race.type !== "head_to_bot") return;
  const { along, side, target, wait, word } = objects;
  const length = f(track.spacing * track.points);
  const step = f(race.speed_mps / TICKS_PER_S);
  for (let i = 0; i < along.length; i++) {
    const at = f(along[i]! + step);
    along[i] = at >= length ? f(at - length) : at;
    const over = f(target[i]! - side[i]!);
    side[i] = f(side[i]! + (over < -step ? -step : over > step ? step : over));
    if (!race.changes) continue;
    if (wait[i]! > 0) {
      wait[i]! -= 1;
      continue;
    }
    target[i] = -target[i]!;
    word[i] = word[i]! + STRIDE;
    wait[i] = waitOf(race, word[i]!);
  }
}

/** By a Newton step nearer to length 1. */
function unit([x, y]: readonly [number, number]): [number, number] {
  const scale = f(1.5 - f(0.5 * f(f(x * x) + f(y * y))));
  return [f(x * scale), f(y * scale)];
}

/** Middles and headings (K, 4) of the objects into `out`. */
export function poses(race: RaceType, track: Track, objects: Objects, out: Float32Array): void {
  const { centre, tangent, halfWidth, points, spacing } = track;
  const perMetre = f(1 / spacing);
  for (let i = 0; i < objects.along.length; i++) {
    const at = f(objects.along[i]! * perMetre);
    const whole = Math.floor(at);
    const [here, next] = [whole % points, (whole + 1) % points];
    const into = f(at - whole);
    const between = (of: Float32Array, axis: number): number => f(of[2 * here + axis]! + f(into * f(of[2 * next + axis]! - of[2 * here + axis]!)));
    let ahead = unit([between(tangent, 0), between(tangent, 1)]);
    const left = [-ahead[1], ahead[0]] as const;
    const wide = f(LANE * halfWidth[here]!);
    const off = f(objects.side[i]! * wide);
    const place = [f(between(centre, 0) + f(off * left[0])), f(between(centre, 1) + f(off * left[1]))] as const;
    if (race.changes) {
      const lean = f(Math.sign(f(objects.target[i]! - objects.side[i]!)) * wide);
      ahead = unit(unit([f(ahead[0] + f(lean * left[0])), f(ahead[1] + f(lean * left[1]))]));
    }
    out.set([...place, ...ahead], 4 * i);
  }
}

/** Whether a car's box overlaps one of the boxes (K, 4), of half length and width `half`; touching is overlapping. */
export function overlaps(car: readonly [number, number, number, number], boxes: Float32Array, half: Half): boolean {
  const [length, width] = CAR_HALF_M;
  const [far, wide] = half;
  const [x, y, c, s] = car;
  const dot = (a: number, b: number, d: number, e: number): number => f(f(a * b) + f(d * e));
  const cross = (a: number, b: number, d: number, e: number): number => f(f(a * b) - f(d * e));
  for (let at = 0; at < boxes.length; at += 4) {
    const [dx, dy, bc, bs] = [f(boxes[at]! - x), f(boxes[at + 1]! - y), boxes[at + 2]!, boxes[at + 3]!];
    const cos = Math.abs(dot(c, bc, s, bs));
    const sin = Math.abs(cross(c, bs, s, bc));
    const apart =
      Math.abs(dot(dx, c, dy, s)) > f(f(length + f(far * cos)) + f(wide * sin)) ||
      Math.abs(cross(dy, c, dx, s)) > f(f(width + f(far * sin)) + f(wide * cos)) ||
      Math.abs(dot(dx, bc, dy, bs)) > f(f(far + f(length * cos)) + f(width * sin)) ||
      Math.abs(cross(dy, bc, dx, bs)) > f(f(wide + f(length * sin)) + f(width * cos));
    if (!apart) return true;
  }
  return false;
}

/** Where a car's middle may be put on the centre line, metres from waypoint 0: at `start_m` or behind, clear of objects. */
export function cleared(start_m: number, along: Float32Array, length_m: number): number {
  let at = start_m;
  for (let turn = 0; turn < along.length; turn++) {
    const near = [...along].map((one) => {
      const ahead = (((one - at) % length_m) + length_m) % length_m;
      return ahead > length_m - BESIDE_M ? ahead - length_m : ahead;
    });
    const nearest = Math.min(...near);
    if (nearest >= CLEAR_M - 1e-3) break;
    at += nearest - CLEAR_M;
  }
  return at;
}
