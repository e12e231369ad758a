/**
 * Action spaces in degrees and metres a second: a list of pairs, or a range for each of both; and what a car is
 * commanded for an action of them. Twin of `envs/racer/actions.py`; forms as in `model_metadata.json`.
 */
import type { CarParams } from "./car";
import type { Policy } from "./policy";
import { quantise, unit } from "./rules";

const f = Math.fround;

/** Degrees, positive to the left, and metres a second. */
export interface Choice {
  steering_angle: number;
  speed: number;
}

export interface Limits {
  low: number;
  high: number;
}

export interface Ranges {
  steering_angle: Limits;
  speed: Limits;
}

export type ActionSpace = Choice[] | Ranges;

/** What makes a list of choices; names as in DeepRacer's form. */
export interface Generator {
  steering_granularity: number;
  max_steering: number;
  speed_granularity: number;
  max_speed: number;
}

const rounded = (value: number): number => Number(value.toFixed(4)) + 0; // no -0

/** Every angle, from right to left, at every speed. */
export function generate({ steering_granularity, max_steering, speed_granularity, max_speed }: Generator): Choice[] {
  const angles = Array.from({ length: steering_granularity }, (_, at) => rounded(-max_steering + (2 * max_steering * at) / (steering_granularity - 1)));
  const speeds = Array.from({ length: speed_granularity }, (_, at) => rounded((max_speed * (at + 1)) / speed_granularity));
  return angles.flatMap((steering_angle) => speeds.map((speed) => ({ steering_angle, speed })));
}

/** Their files hold numbers as text now and then. */
function numberOf(value: unknown): number {
  const found = typeof value === "string" && value.trim() !== "" ? Number(value) : value;
  if (typeof found !== "number" || !Number.isFinite(found)) throw new RangeError(`An action space holds numbers, not ${JSON.stringify(value)}.`);
  return found;
}

type Plain = Record<string, unknown>;
const isObject = (value: unknown): value is Plain => typeof value === "object" && value !== null && !Array.isArray(value);

/** An action space of its JSON form. Throws RangeError saying what is missing. */
export function parseActions(plain: unknown): ActionSpace {
  const lacks = (name: string): never => {
    throw new RangeError(`The action space lacks ${name}: give a list of objects with steering_angle and speed, or both with low and high.`);
  };
  if (Array.isArray(plain)) {
    return plain.map((action: unknown, at) => {
      if (!isObject(action) || !("steering_angle" in action) || !("speed" in action)) return lacks(`angle or speed of action ${at}`);
      return { steering_angle: numberOf(action.steering_angle), speed: numberOf(action.speed) };
    });
  }
  const limits = (name: string): Limits => {
    const range = isObject(plain) ? plain[name] : null;
    if (!isObject(range) || !("low" in range) || !("high" in range)) return lacks(`the range of ${name}`);
    return { low: numberOf(range.low), high: numberOf(range.high) };
  };
  return { steering_angle: limits("steering_angle"), speed: limits("speed") };
}

/** Steering and throttle in [-1, 1] of a pair. */
function commandOf({ steering_angle, speed }: Choice, car: CarParams): [number, number] {
  const halfRange = 0.5 * (car.max_speed_mps - car.min_speed_mps);
  return [f((steering_angle * (Math.PI / 180)) / car.max_steer_rad), f((speed - car.min_speed_mps) / halfRange - 1)];
}

/** What a policy's greedy decision commands a car: exactly a pair of its list, or an int8 of its range. */
export class Controls {
  /** steering and throttle, float32 in [-1, 1] */
  readonly command = new Float32Array(2);
  /** index into the list, where there is one */
  choice: number | null = null;
  readonly #pairs: [number, number][] | null = null;
  readonly #middle = [0, 0];
  readonly #half = [1, 1];

  constructor(space: ActionSpace | null, car: CarParams) {
    if (Array.isArray(space)) {
      this.#pairs = space.map((choice) => commandOf(choice, car));
    } else if (space) {
      const [low, high] = (["low", "high"] as const).map((end) =>
        commandOf({ steering_angle: space.steering_angle[end], speed: space.speed[end] }, car),
      ) as [[number, number], [number, number]];
      this.#middle = low.map((value, axis) => f(0.5 * f(value + high[axis]!)));
      this.#half = low.map((value, axis) => f(0.5 * f(high[axis]! - value)));
    }
  }

  /** Of what `policy.act` decided last, `action`. */
  decide(policy: Policy, action: Float32Array): Float32Array {
    if (this.#pairs) {
      const { outputs } = policy;
      let best = 0;
      for (let at = 1; at < this.#pairs.length; at++) if (outputs[at]! > outputs[best]!) best = at;
      this.choice = best;
      this.command.set(this.#pairs[best]!);
      return this.command;
    }
    for (let axis = 0; axis < 2; axis++) {
      const clipped = Math.min(Math.max(action[axis]!, -1), 1);
      this.command[axis] = unit(quantise(f(this.#middle[axis]! + f(this.#half[axis]! * clipped))));
    }
    return this.command;
  }
}

/** Degrees and metres a second that a command in [-1, 1] stands for. */
export function choiceOf(command: ArrayLike<number>, car: CarParams): Choice {
  const halfRange = 0.5 * (car.max_speed_mps - car.min_speed_mps);
  return {
    steering_angle: (command[0]! * car.max_steer_rad * 180) / Math.PI,
    speed: car.min_speed_mps + halfRange * (1 + command[1]!),
  };
}
