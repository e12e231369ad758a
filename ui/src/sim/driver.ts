/** Sensors and network together: what the model does in a state, and what it saw. */
import { Controls } from "./actions";
import { PRESETS } from "./car";
import { proprio, quantise, type State } from "./rules";
import type { Policy, SensorSpec } from "./policy";
import { Camera, Lidar, SectorLidar, StereoCamera } from "./sensors";
import type { Track } from "./track";
import { CAR } from "./trial";

/** The eye of a sensor. Throws RangeError when it sees no roads. */
export function eyeOf(sensor: SensorSpec, environment: string): Camera | Lidar {
  switch (sensor.kind) {
    case "camera":
      return new Camera(sensor);
    case "stereo":
      return new StereoCamera(sensor);
    case "lidar":
      return new Lidar(sensor);
    case "sector-lidar":
      return new SectorLidar(sensor);
    default:
      throw new RangeError(`A policy of ${environment} drives no car.`);
  }
}

export class Driver {
  /** the eye of the policy; the page draws what it holds */
  readonly eye: Camera | Lidar;
  /** executed action of the last `act`, int8 */
  readonly action = new Int8Array(2);
  readonly #vector: Float32Array;
  /** what it commanded last in a time trial */
  readonly controls: Controls;

  /** Throws RangeError when the policy sees no roads. */
  constructor(readonly policy: Policy) {
    const { sensor } = policy;
    this.eye = eyeOf(sensor, policy.environment);
    this.#vector = new Float32Array(policy.network.vector);
    this.controls = new Controls(policy.actionSpace, PRESETS[CAR]!);
  }

  /** Look without deciding, so that the page can show what the model sees while a person drives. */
  look(track: Track, state: State): void {
    if (this.eye instanceof Camera) {
      this.eye.picture(track, state.motion, state);
      proprio(state.motion, this.#vector, 0);
    } else {
      this.eye.scan(track, state.motion, state.boxes, state.half);
      const { told } = this.eye;
      this.#vector.set(told);
      proprio(state.motion, this.#vector, told.length);
    }
  }

  #decided(): Float32Array {
    return this.policy.act(this.#vector, this.eye instanceof Camera ? this.eye.told : null);
  }

  /** Decide on what was looked at last. */
  act(): Int8Array {
    const command = this.#decided();
    this.action[0] = quantise(command[0]!);
    this.action[1] = quantise(command[1]!);
    return this.action;
  }

  /** Decide on what was looked at last as in a time trial: steering and throttle, float32 in [-1, 1]. */
  command(): Float32Array {
    return this.controls.decide(this.policy, this.#decided());
  }

  get vector(): Float32Array {
    return this.#vector;
  }
}
