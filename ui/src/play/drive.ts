/** A drive as it happens: the simulator, the model and the record of who did what at every tick. */
import { C, S, V, X, Y, type Motion } from "../sim/car";
import type { Driver } from "../sim/driver";
import { copyState, finalOf, MAX_TICKS, quantise, TICKS_PER_S, type Racer, type State } from "../sim/rules";
import { Attempt } from "./attempt";

export const TICK_MS = 1000 / TICKS_PER_S;

/** What a person commands, in [-1, 1]. */
export interface Command {
  steer: number;
  throttle: number;
}

export class Drive extends Attempt {
  readonly state: State;
  /** motion before and after the tick that is being shown */
  readonly before: Motion;

  constructor(
    readonly racer: Racer,
    readonly driver: Driver,
    start: State,
    maxTicks = MAX_TICKS,
  ) {
    super(TICKS_PER_S, maxTicks, 2);
    this.state = copyState(start);
    this.before = start.motion.slice();
    driver.look(racer.track, this.state);
  }

  get motion(): Motion {
    return this.state.motion;
  }

  protected get final(): Record<string, number> {
    return finalOf(this.state);
  }

  /** One control tick: the person's command if there is one, else the model's. */
  tick(hands: Command | null): void {
    if (this.ended) return;
    const began = performance.now();
    const model = hands === null ? this.driver.act() : null;
    const steer = model ? model[0]! : quantise(hands!.steer);
    const throttle = model ? model[1]! : quantise(hands!.throttle);
    this.before.set(this.state.motion);
    const passed_m = this.racer.step(this.state, steer, throttle);
    this.log([steer, throttle], hands !== null, passed_m, this.racer.crashed(this.state));
    this.driver.look(this.racer.track, this.state);
    this.tick_ms = performance.now() - began;
  }

  /** The executed command of the last tick, in [-1, 1]. */
  get command(): Command {
    const at = 2 * (this.ticks - 1);
    return at < 0 ? { steer: 0, throttle: this.#coasting() } : { steer: this.actions[at]! / 127, throttle: this.actions[at + 1]! / 127 };
  }

  /** The throttle that keeps the speed the car starts with. */
  #coasting(): number {
    const { min_speed_mps: low, max_speed_mps: high } = this.racer.car;
    return (2 * (this.motion[V]! - low)) / (high - low) - 1;
  }
}

/** Where to draw a car: metres, heading as unit vector, speed in m/s, wheel angle as its tangent. */
export interface Pose {
  x: number;
  y: number;
  c: number;
  s: number;
  v: number;
  steer: number;
}

export function pose(): Pose {
  return { x: 0, y: 0, c: 1, s: 0, v: 0, steer: 0 };
}

/** Between two ticks: positions on the cubic that also meets both velocities, headings on the circle. */
export function between(from: ArrayLike<number>, to: ArrayLike<number>, share: number, out: Pose): Pose {
  const t = share;
  const span = 1 / TICKS_PER_S;
  const [h00, h10] = [(1 + 2 * t) * (1 - t) * (1 - t), t * (1 - t) * (1 - t)];
  const [h01, h11] = [t * t * (3 - 2 * t), t * t * (t - 1)];
  const [v0, v1] = [from[V]! * span, to[V]! * span];
  out.x = h00 * from[X]! + h10 * v0 * from[C]! + h01 * to[X]! + h11 * v1 * to[C]!;
  out.y = h00 * from[Y]! + h10 * v0 * from[S]! + h01 * to[Y]! + h11 * v1 * to[S]!;
  const c = from[C]! + t * (to[C]! - from[C]!);
  const s = from[S]! + t * (to[S]! - from[S]!);
  const length = Math.hypot(c, s);
  out.c = c / length;
  out.s = s / length;
  out.v = from[V]! + t * (to[V]! - from[V]!);
  out.steer = from[5]! + t * (to[5]! - from[5]!);
  return out;
}
