/** Drives computed in the page for replays: an attempt as it was recorded, and the model alone from any state of it. */
import { MOTION } from "../sim/car";
import type { Driver } from "../sim/driver";
import { copyState, type Racer, type State } from "../sim/rules";
import type { Trim } from "./scene/car";

export interface Run {
  /** (ticks + 1, MOTION): the motion before each tick and after the last */
  motions: Float32Array;
  ticks: number;
  /** tick of the common clock at which it begins */
  from: number;
  crashed: boolean;
}

export interface Actor {
  run: Run;
  /** who drives at a tick of the run */
  trim: (tick: number) => Trim;
  ghost: boolean;
  /** whether it is drawn translucent at a tick of the run; absent: never */
  faded?: (tick: number) => boolean;
  /** written above it; absent: nothing */
  name?: string;
  /** views that show it */
  views: number[];
  /** tick of the common clock after which it is gone; absent: it stays where it ended */
  until?: number;
}

class Tape {
  readonly motions: Float32Array;
  ticks = 0;

  constructor(most: number, first: State) {
    this.motions = new Float32Array((most + 1) * MOTION);
    this.motions.set(first.motion);
  }

  add(state: State): void {
    this.ticks += 1;
    this.motions.set(state.motion, this.ticks * MOTION);
  }

  run(from: number, crashed: boolean): Run {
    return { motions: this.motions.slice(0, (this.ticks + 1) * MOTION), ticks: this.ticks, from, crashed };
  }
}

/** Drive recorded actions (ticks x 2, int8) again. */
export function recorded(racer: Racer, start: State, actions: Int8Array): Run {
  const state = copyState(start);
  const tape = new Tape(actions.length / 2, state);
  for (let tick = 0; tick < actions.length / 2; tick++) {
    racer.step(state, actions[2 * tick]!, actions[2 * tick + 1]!);
    tape.add(state);
  }
  return tape.run(0, racer.crashed(state));
}

/** The state an attempt was in before its tick number `tick`. */
export function stateBefore(racer: Racer, start: State, actions: Int8Array, tick: number): State {
  const state = copyState(start);
  for (let at = 0; at < tick; at++) racer.step(state, actions[2 * at]!, actions[2 * at + 1]!);
  return state;
}

/** Let the model drive alone for at most `most` ticks; its first tick is number `from` of the common clock. */
export function alone(racer: Racer, driver: Driver, start: State, most: number, from = 0): Run {
  const state = copyState(start);
  const tape = new Tape(most, state);
  while (tape.ticks < most) {
    driver.look(racer.track, state);
    const [steer, throttle] = driver.act();
    racer.step(state, steer!, throttle!);
    tape.add(state);
    if (racer.crashed(state)) return tape.run(from, true);
  }
  return tape.run(from, false);
}
