/**
 * The hands of a person: keys, stick or touch become a steering and a throttle command that move at a rate.
 *
 * Pure: every method is told the time. While the model drives, `follow` keeps the command at what the car does,
 * so that taking the wheel starts there without a jerk; without a throttle key the speed stays as it was.
 */
import type { CarParams } from "../sim/car";
import { Hold, type Control } from "./hold";

/** Letting go for less than this is part of the same takeover, so that tapping counts as one. */
export const GRACE_MS = 150;
/** Time a key takes from the middle to full lock, and back when it is let go. */
const OUT_S = 0.28;
const BACK_S = 0.14;
const THROTTLE_PER_S = 2.2;
const STICK_PER_S = 9;
/** Keys steer this much further than the tyres hold, so that the limit can be felt. */
const BEYOND_GRIP = 1.6;

/** The steering command, 0 to 1, beyond which more turns the car no further at this speed in m/s. */
export function lockAt(car: CarParams, speed_mps: number): number {
  const tangent = (BEYOND_GRIP * car.grip_mps2 * car.wheelbase_m) / Math.max(speed_mps * speed_mps, 0.01);
  return Math.min(1, Math.atan(tangent) / car.max_steer_rad);
}

export interface Stick {
  /** -1 right to 1 left */
  steer: number;
  /** -1 to 1; null leaves the speed as it is */
  throttle: number | null;
}

function towards(from: number, to: number, most: number): number {
  return Math.abs(to - from) <= most ? to : from + Math.sign(to - from) * most;
}

export class Hands extends Hold<Control> {
  steer = 0;
  throttle = 0;
  /** as far as keys and stick steer now, in (0, 1]; see `lockAt` */
  lock = 1;
  #stick: Stick | null = null;
  #at_ms = 0;

  constructor() {
    super(GRACE_MS);
  }

  override get touching(): boolean {
    return super.touching || this.#stick !== null;
  }

  override press(control: Control, now_ms: number): void {
    this.advance(now_ms);
    super.press(control, now_ms);
  }

  override release(control: Control, now_ms: number): void {
    if (this.held(control)) this.advance(now_ms);
    super.release(control, now_ms);
  }

  /** An analogue stick or a finger on a pad; null when it is let go. */
  hold(stick: Stick | null, now_ms: number): void {
    this.advance(now_ms);
    const let_go = this.#stick !== null && stick === null;
    this.#stick = stick;
    if (let_go) this.released(now_ms);
  }

  override letGo(now_ms: number): void {
    this.hold(null, now_ms);
    super.letGo(now_ms);
  }

  /** What the car executes while the model drives. */
  follow(steer: number, throttle: number, now_ms = this.#at_ms): void {
    this.steer = steer;
    this.throttle = throttle;
    this.#at_ms = now_ms;
  }

  /** Move the command up to `now_ms`. */
  advance(now_ms: number): void {
    const passed_s = Math.max(0, now_ms - this.#at_ms) / 1000;
    this.#at_ms = Math.max(now_ms, this.#at_ms);
    if (!this.driving(now_ms)) return;
    const side = Number(this.held("left")) - Number(this.held("right"));
    const [out, back] = [passed_s / OUT_S, passed_s / BACK_S];
    if (side !== 0) {
      // Back over the middle at the faster rate, then out.
      const returned = this.steer * side < 0 ? Math.min(back, Math.abs(this.steer)) : 0;
      const rest = 1 - (back > 0 ? returned / back : 0);
      this.steer = towards(this.steer + side * returned, side * this.lock, rest * out);
    } else if (this.#stick) {
      this.steer = towards(this.steer, this.#stick.steer * this.lock, passed_s * STICK_PER_S);
    } else {
      this.steer = towards(this.steer, 0, back);
    }
    const push = Number(this.held("up")) - Number(this.held("down"));
    if (push !== 0) this.throttle = towards(this.throttle, push, passed_s * THROTTLE_PER_S);
    else if (this.#stick?.throttle != null) this.throttle = towards(this.throttle, this.#stick.throttle, passed_s * STICK_PER_S);
  }
}
