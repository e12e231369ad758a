/**
 * Episodes: one car on a road, alone or among boxes or bots, from a point of the centre line until it is done or out.
 *
 * Twin of `envs/racer/time_trial.py`. The rules' car is taken at its rear axle; progress is measured of its front.
 */
import { C, S, X, Y } from "./car";
import { drive, halves, overlaps, placed, poses, type Objects } from "./obstacles";
import { TIME_TRIAL, type RaceType } from "./raceTypes";
import { emptyMotion, Racer, TICKS_PER_S, type State } from "./rules";
import type { Track } from "./track";

const f = Math.fround;

export const CAR = "deepracer";
const CENTRE_AHEAD_M = 0.07;
export const FRONT_AHEAD_M = 0.21;
/** of the front, of a car on the start line */
export const START_M = FRONT_AHEAD_M - CENTRE_AHEAD_M;
/** (4, 2): metres ahead of and left of the middle of the model */
const WHEELS_M: readonly [number, number][] = [
  [0.0823, 0.08],
  [0.0823, -0.08],
  [-0.0817, 0.08],
  [-0.0817, -0.08],
];
/** a little more than the furthest wheel is from the point that the rules move */
const WHEEL_REACH_M = f(0.2);
const STILL_SQUARED = f(0.0003 * 0.0003);
const PATIENCE_TICKS = 15;
/** share of the lap by which each training episode starts after the one before */
export const START_STEP = 0.05;

export type Status = "in_progress" | "off_track" | "crashed" | "lap_complete" | "immobilized" | "reversed" | "time_up";

/** One running episode; `tick` changes it in place. */
export interface Episode {
  state: State;
  /** way of the car's front along the centre line since the start, and the same before the last tick */
  metres: number;
  before: number;
  step: number;
  still: number;
  back: number;
  status: Status;
  objects: Objects;
}

/** Seconds of driving at which a line was crossed within tick `step`; within it the car is taken to keep its speed. */
export function crossing_s(line_m: number, before: number, after: number, step: number): number {
  return (step - 1 + (line_m - before) / (after - before)) / TICKS_PER_S;
}

export class Trial {
  readonly racer: Racer;
  /** of the lap, metres */
  readonly length_m: number;

  constructor(
    track: Track,
    readonly maxTicks: number,
    readonly laps = 1,
    readonly race: RaceType = TIME_TRIAL,
  ) {
    this.racer = new Racer(track, CAR);
    this.length_m = f(track.spacing * track.points);
  }

  /** At rest on the centre line at a share of the lap in [0, 1) from the start line, heading along it; the word places objects that are not given. */
  begin(share: number, word = 0, objects = placed(this.race, this.racer.track, word)): Episode {
    const { centre, tangent, points } = this.racer.track;
    const at = f(f(share) * points);
    const waypoint = Math.floor(at) % points;
    const into = f(at - Math.floor(at));
    const next = (waypoint + 1) % points;
    const place = [0, 1].map((axis) => {
      const here = centre[2 * waypoint + axis]!;
      const between = f(here + f(into * f(centre[2 * next + axis]! - here)));
      return f(between - f(f(CENTRE_AHEAD_M) * tangent[2 * waypoint + axis]!));
    });
    const [tx, ty] = [tangent[2 * waypoint]!, tangent[2 * waypoint + 1]!];
    const motion = emptyMotion();
    motion.set([place[0]!, place[1]!, tx, ty]);
    const along = f(f(f(place[0]! - centre[2 * waypoint]!) * tx) + f(f(place[1]! - centre[2 * waypoint + 1]!) * ty));
    const front = f(START_M);
    const boxes = new Float32Array(4 * this.race.objects);
    poses(this.race, this.racer.track, objects, boxes);
    const state: State = { waypoint, along, motion, boxes, patches: new Float32Array(0), light: Float32Array.of(1, 0, 0, 0), half: halves(this.race).seen };
    return { state, metres: front, before: front, step: 0, still: 0, back: 0, status: "in_progress", objects };
  }

  /** One control tick with float32 commands in [-1, 1]. */
  tick(episode: Episode, steer: number, throttle: number): void {
    const { motion } = episode.state;
    const [x, y] = [motion[X]!, motion[Y]!];
    const passed = this.racer.advance(episode.state, steer, throttle);
    const [goneX, goneY] = [f(motion[X]! - x), f(motion[Y]! - y)];
    episode.before = episode.metres;
    episode.metres = f(episode.metres + passed);
    episode.step += 1;
    episode.still = f(f(goneX * goneX) + f(goneY * goneY)) < STILL_SQUARED ? episode.still + 1 : 0;
    episode.back = passed < 0 ? episode.back + 1 : 0;
    drive(this.race, this.racer.track, episode.objects);
    poses(this.race, this.racer.track, episode.objects, episode.state.boxes);
    episode.status = this.#status(episode);
  }

  #status({ metres, state, still, back, step }: Episode): Status {
    if (metres >= f(this.laps * this.length_m)) return "lap_complete";
    if (this.wheelsOnRoad(state) === 0 || this.strayed(state)) return "off_track";
    if (this.#hits(state)) return "crashed";
    if (still >= PATIENCE_TICKS) return "immobilized";
    if (back >= PATIENCE_TICKS) return "reversed";
    return step >= this.maxTicks ? "time_up" : "in_progress";
  }

  #hits({ motion, boxes }: State): boolean {
    const [x, y, c, s] = [motion[X]!, motion[Y]!, motion[C]!, motion[S]!];
    const ahead = f(CENTRE_AHEAD_M);
    return overlaps([f(x + f(ahead * c)), f(y + f(ahead * s)), c, s], boxes, halves(this.race).hit);
  }

  /** Whether the car is too far from its stretch of the road for any wheel to stand on it: it may be on a branch that crosses. */
  strayed({ motion, waypoint }: State): boolean {
    const { centre, tangent, halfWidth } = this.racer.track;
    const over = f(f(motion[Y]! - centre[2 * waypoint + 1]!) * tangent[2 * waypoint]!);
    const under = f(f(motion[X]! - centre[2 * waypoint]!) * tangent[2 * waypoint + 1]!);
    return Math.abs(f(over - under)) > f(halfWidth[waypoint]! + WHEEL_REACH_M);
  }

  /** How many of the four wheels stand on the road. */
  wheelsOnRoad({ motion }: State): number {
    const [x, y, c, s] = [motion[X]!, motion[Y]!, motion[C]!, motion[S]!];
    return WHEELS_M.filter(([ahead, left]) => {
      const far = f(f(ahead) + f(CENTRE_AHEAD_M));
      const wheelX = f(f(x + f(far * c)) - f(f(left) * s));
      const wheelY = f(f(y + f(far * s)) + f(f(left) * c));
      return this.racer.onRoad(wheelX, wheelY);
    }).length;
  }

  /** Milliseconds from the start to the line, within the tick that crossed it; null before. */
  lapMs({ status, before, metres, step }: Episode): number | null {
    if (status !== "lap_complete") return null;
    return Math.round(1000 * crossing_s(this.length_m, before, metres, step));
  }
}
