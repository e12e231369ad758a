/** A person at the keyboard who sees the road 200 ms late: the same planning as the browser test's, without a browser. */
import { Hands, lockAt } from "../../src/play/hands";
import type { Control } from "../../src/play/hold";
import { C, S, V, X, Y, YAW, type Motion } from "../../src/sim/car";
import { copyState, MAX_TICKS, quantise, TICKS_PER_S, type Racer, type State } from "../../src/sim/rules";
import type { Track } from "../../src/sim/track";

const REACTION_TICKS = 3;
const SIGHT_M = 1.6;
const BOX_AND_CAR_M = 0.21;
const WHEEL_SLACK = 0.02;
const PEDAL_SLACK = 0.06;
/** A tick is this many looks at the road and at the own hands. */
const LOOKS = 4;

/** Nearest waypoint and metres to the left of it. */
function place(track: Track, x: number, y: number): [number, number] {
  let [nearest, least] = [0, Infinity];
  for (let i = 0; i < track.points; i++) {
    const gap = (track.centre[2 * i]! - x) ** 2 + (track.centre[2 * i + 1]! - y) ** 2;
    if (gap < least) [nearest, least] = [i, gap];
  }
  const [tx, ty] = [track.tangent[2 * nearest]!, track.tangent[2 * nearest + 1]!];
  return [nearest, tx * (y - track.centre[2 * nearest + 1]!) - ty * (x - track.centre[2 * nearest]!)];
}

/** Metres from the middle at which to pass the next box. */
function aside(track: Track, waypoint: number, boxes: Float32Array): number {
  let [wanted, nearest] = [0, SIGHT_M];
  for (let i = 0; i < boxes.length; i += 4) {
    const [at, off] = place(track, boxes[i]!, boxes[i + 1]!);
    const gap = (((at - waypoint + 3 + track.points) % track.points) - 3) * track.spacing;
    if (boxes[i]! < 0 || gap > nearest) continue;
    nearest = gap;
    const room = track.halfWidth[at]!;
    wanted = off < 0 ? (off + BOX_AND_CAR_M + room) / 2 : (off - BOX_AND_CAR_M - room) / 2;
  }
  return wanted;
}

/** Tangent of the wheel angle that leads to a point ahead, from a motion seen `late_s` ago. */
function wantedWheel(racer: Racer, seen: Motion, boxes: Float32Array, late_s: number): number {
  const { track, car } = racer;
  const turn = seen[YAW]! * late_s;
  const heading = Math.atan2(seen[S]!, seen[C]!);
  const x = seen[X]! + late_s * seen[V]! * Math.cos(heading + turn / 2);
  const y = seen[Y]! + late_s * seen[V]! * Math.sin(heading + turn / 2);
  const [c, s] = [Math.cos(heading + turn), Math.sin(heading + turn)];
  const [waypoint] = place(track, x, y);
  const k = 2 * ((waypoint + Math.round(Math.max(0.5, 0.5 * seen[V]!) / track.spacing)) % track.points);
  const off = aside(track, waypoint, boxes);
  const towardsX = track.centre[k]! - off * track.tangent[k + 1]! - x;
  const towardsY = track.centre[k + 1]! + off * track.tangent[k]! - y;
  return (2 * car.wheelbase_m * (c * towardsY - s * towardsX)) / (towardsX ** 2 + towardsY ** 2);
}

/** Drive with keys from a start at `speed`; returns the ticks until a crash, or MAX_TICKS. */
export function driveByKeys(racer: Racer, start: State, speed: number): number {
  const { car } = racer;
  const state = copyState(start);
  const pedal = (mps: number): number => (2 * (mps - car.min_speed_mps)) / (car.max_speed_mps - car.min_speed_mps) - 1;
  const hands = new Hands();
  hands.follow(0, pedal(state.motion[V]!), 0);
  hands.press("wheel", 0);
  const key = (control: Control, down: boolean, now_ms: number): void => {
    if (down !== hands.held(control)) (down ? hands.press(control, now_ms) : hands.release(control, now_ms));
  };
  const seen: Motion[] = [];
  for (let tick = 0; tick < MAX_TICKS; tick++) {
    seen.push(state.motion.slice());
    const late = seen[Math.max(0, tick - REACTION_TICKS)]!;
    hands.lock = lockAt(car, state.motion[V]!);
    for (let look = 0; look < LOOKS; look++) {
      const now_ms = ((tick + look / LOOKS) * 1000) / TICKS_PER_S;
      const wheel = wantedWheel(racer, late, state.boxes, Math.min(tick, REACTION_TICKS) / TICKS_PER_S);
      hands.advance(now_ms);
      const gap = wheel - Math.tan(car.max_steer_rad * hands.steer);
      const push = pedal(speed) - hands.throttle;
      key("left", wheel > 0.03 && gap > -WHEEL_SLACK, now_ms);
      key("right", wheel < -0.03 && gap < WHEEL_SLACK, now_ms);
      key("up", push > PEDAL_SLACK, now_ms);
      key("down", push < -PEDAL_SLACK, now_ms);
    }
    racer.step(state, quantise(hands.steer), quantise(hands.throttle));
    if (racer.crashed(state)) return tick + 1;
  }
  return MAX_TICKS;
}
