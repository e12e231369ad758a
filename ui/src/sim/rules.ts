/**
 * The rules of `racer-v0`: one control tick, progress, crash. Twin of `envs/racer/rules.py` for one track.
 */
import { C, drive, MOTION, PRESETS, S, STEER, V, X, Y, YAW, type CarParams, type Motion } from "./car";
import { BOX_HALF_M, type Half } from "./sensors";
import { CELLS_PER_M, type Track } from "./track";

const f = Math.fround;

export const TICKS_PER_S = 15;
export const MAX_TICKS = 300;
const WINDOW_BACK = 2;
const WINDOW_AHEAD = 10;
const PER_UNIT = f(1 / 127);

/** All of a running attempt that the rules need; `step` changes it in place. */
export interface State {
  /** nearest point of the centre line */
  waypoint: number;
  /** metres past that point along its tangent */
  along: number;
  motion: Motion;
  /** (n, 4): x, y, cos, sin */
  boxes: Float32Array;
  /** (n, 4): x, y, radius, grip factor */
  patches: Float32Array;
  /** gain, bias, texture phase, texture contrast */
  light: Float32Array;
  /** of boxes as sensors see them, where they are no squares of BOX_HALF_M */
  half?: Half;
}

export function copyState(state: State): State {
  return { ...state, motion: state.motion.slice() };
}

/** Commanded axis in [-1, 1] to the int8 the simulator executes and the record stores. */
export function quantise(command: number): number {
  const clipped = command < -1 ? -1 : command > 1 ? 1 : f(command);
  return Math.floor(f(f(clipped * 127) + 0.5));
}

/** The command in [-1, 1] that an int8 stands for. */
export function unit(action: number): number {
  return f(action * PER_UNIT);
}

export class Racer {
  readonly car: CarParams;
  readonly #radiusSquared: number;

  /** Throws RangeError naming the choices when there is no such car. */
  constructor(readonly track: Track, car: string) {
    const found = PRESETS[car];
    if (!found) throw new RangeError(`There is no car ${car}; there are ${Object.keys(PRESETS).join(", ")}.`);
    this.car = found;
    this.#radiusSquared = f(found.radius_m * found.radius_m);
  }

  /** One control tick with an executed action of two int8; returns progress along the centre line in metres. */
  step(state: State, steer: number, throttle: number): number {
    return this.advance(state, unit(steer), unit(throttle));
  }

  /** `step` with float32 commands in [-1, 1], for actions that are no int8. */
  advance(state: State, steer: number, throttle: number): number {
    drive(this.car, state.motion, steer, throttle, this.grip(state));
    return this.#project(state);
  }

  /** Factor on the lateral limit where the car is: 1 on dry road. */
  grip(state: State): number {
    const { motion, patches } = state;
    let grip = 1;
    for (let at = 0; at < patches.length; at += 4) {
      const awayX = f(patches[at]! - motion[X]!);
      const awayY = f(patches[at + 1]! - motion[Y]!);
      const radius = patches[at + 2]!;
      if (f(f(awayX * awayX) + f(awayY * awayY)) < f(radius * radius)) grip = Math.min(grip, patches[at + 3]!);
    }
    return grip;
  }

  #project(state: State): number {
    const { centre, tangent, points, spacing } = this.track;
    const x = state.motion[X]!;
    const y = state.motion[Y]!;
    let best = 0;
    let nearest = Infinity;
    for (let shift = -WINDOW_BACK; shift < WINDOW_AHEAD; shift++) {
      const at = (state.waypoint + shift + points) % points;
      const gapX = f(x - centre[2 * at]!);
      const gapY = f(y - centre[2 * at + 1]!);
      const gap = f(f(gapX * gapX) + f(gapY * gapY));
      if (gap < nearest) {
        nearest = gap;
        best = shift;
      }
    }
    const waypoint = (state.waypoint + best + points) % points;
    const pastX = f(f(x - centre[2 * waypoint]!) * tangent[2 * waypoint]!);
    const pastY = f(f(y - centre[2 * waypoint + 1]!) * tangent[2 * waypoint + 1]!);
    const along = f(pastX + pastY);
    const passed = f(f(f(best * spacing) + along) - state.along);
    state.waypoint = waypoint;
    state.along = along;
    return passed;
  }

  /** Whether the car's middle is off the road or its disc touches a box. */
  crashed(state: State): boolean {
    return this.offRoad(state) || this.hitsBox(state);
  }

  offRoad({ motion }: State): boolean {
    return !this.onRoad(motion[X]!, motion[Y]!);
  }

  /** Whether a point in metres lies on the road. */
  onRoad(x: number, y: number): boolean {
    const { grid, rows } = this.track;
    const ix = Math.trunc(f(x * CELLS_PER_M));
    const iy = Math.trunc(f(y * CELLS_PER_M));
    return grid[Math.min(Math.max(ix * rows + iy, 0), grid.length - 1)]! > 0;
  }

  hitsBox({ motion, boxes }: State): boolean {
    for (let at = 0; at < boxes.length; at += 4) {
      const px = f(motion[X]! - boxes[at]!);
      const py = f(motion[Y]! - boxes[at + 1]!);
      const c = boxes[at + 2]!;
      const s = boxes[at + 3]!;
      const gapX = Math.max(f(Math.abs(f(f(px * c) + f(py * s))) - BOX_HALF_M), 0);
      const gapY = Math.max(f(Math.abs(f(f(py * c) - f(px * s))) - BOX_HALF_M), 0);
      if (f(f(gapX * gapX) + f(gapY * gapY)) < this.#radiusSquared) return true;
    }
    return false;
  }
}

/** What the car feels of itself: speed, steering tangent and yaw rate, scaled to about 1, at `at` of `out`. */
export function proprio(motion: Motion, out: Float32Array, at: number): void {
  out[at] = f(motion[V]! * f(0.3));
  out[at + 1] = f(motion[STEER]! * 2);
  out[at + 2] = f(motion[YAW]! * f(0.2));
}

export function emptyMotion(): Motion {
  return new Float32Array(MOTION);
}

/** Final state as an attempt reports it. */
export function finalOf({ motion }: State): Record<string, number> {
  return {
    x: motion[X]!,
    y: motion[Y]!,
    cos: motion[C]!,
    sin: motion[S]!,
    speed: motion[V]!,
    steer: motion[STEER]!,
    yaw: motion[YAW]!,
  };
}
