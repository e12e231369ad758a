/** A camera behind the car that follows like a critically damped spring: never early, never past it, no shake. */
import { PerspectiveCamera } from "three";
import type { Pose } from "../drive";

const BEHIND_M = 1;
const ABOVE_M = 0.5;
const AHEAD_M = 0.42;
const TURN_S = 0.16;
const REACH_S = 0.3;

export class Chase {
  readonly camera = new PerspectiveCamera(52, 1, 0.05, 60);
  #angle = 0;
  #turning = 0;
  #behind = BEHIND_M;
  #stretching = 0;
  #placed = false;

  /** Stand behind the car at once, as at a start. */
  reset(): void {
    this.#placed = false;
  }

  follow(pose: Pose, passed_ms: number): void {
    const passed_s = passed_ms / 1000;
    const heading = Math.atan2(pose.s, pose.c);
    if (!this.#placed) {
      [this.#angle, this.#turning, this.#behind, this.#stretching, this.#placed] = [heading, 0, BEHIND_M, 0, true];
    }
    const gap = Math.atan2(Math.sin(heading - this.#angle), Math.cos(heading - this.#angle));
    [this.#angle, this.#turning] = damped(this.#angle, this.#angle + gap, this.#turning, TURN_S, passed_s);
    [this.#behind, this.#stretching] = damped(this.#behind, BEHIND_M + 0.05 * pose.v, this.#stretching, REACH_S, passed_s);
    const [c, s] = [Math.cos(this.#angle), Math.sin(this.#angle)];
    const up = ABOVE_M + 0.12 * (this.#behind - BEHIND_M);
    this.camera.position.set(pose.x - c * this.#behind, up, -(pose.y - s * this.#behind));
    this.camera.lookAt(pose.x + c * AHEAD_M, 0.06, -(pose.y + s * AHEAD_M));
  }
}

/** Critically damped step (the stable rational form of exp(-x)): new value and new rate. */
function damped(value: number, target: number, rate: number, smooth_s: number, passed_s: number): [number, number] {
  const omega = 2 / smooth_s;
  const x = omega * passed_s;
  const decay = 1 / (1 + x + 0.48 * x * x + 0.235 * x * x * x);
  const change = value - target;
  const pull = (rate + omega * change) * passed_s;
  return [target + (change + pull) * decay, (rate - omega * pull) * decay];
}
