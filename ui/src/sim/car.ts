/**
 * The car: a bicycle with lagging steering and speed, lagging yaw and a grip limit.
 *
 * Twin of `envs/racer/car.py`: the same operations in the same order, each rounded once to float32.
 */
const f = Math.fround;

export const SUBSTEPS = 4;
const SUBSTEP_S = 1 / 60;

/** Rates are the share of the remaining difference closed per substep of 1/60 s. */
export interface CarParams {
  wheelbase_m: number;
  max_steer_rad: number;
  min_speed_mps: number;
  max_speed_mps: number;
  speed_rate: number;
  max_accel_mps2: number;
  max_brake_mps2: number;
  steer_rate: number;
  yaw_rate: number;
  /** K in yaw = v tan / (L (1 + K v²)) */
  understeer_s2pm2: number;
  grip_mps2: number;
  /** of the disc that must not touch a box */
  radius_m: number;
}

export const PRESETS: Record<string, CarParams> = {
  sport: {
    wheelbase_m: 0.165,
    max_steer_rad: 0.52,
    min_speed_mps: 0.4,
    max_speed_mps: 4.0,
    speed_rate: 0.067,
    max_accel_mps2: 2.5,
    max_brake_mps2: 4.0,
    steer_rate: 0.14,
    yaw_rate: 0.6,
    understeer_s2pm2: 0.0,
    grip_mps2: 5.0,
    radius_m: 0.09,
  },
  deepracer: {
    wheelbase_m: 0.262,
    max_steer_rad: 0.5236,
    min_speed_mps: 0.1,
    max_speed_mps: 4.0,
    speed_rate: 0.133,
    max_accel_mps2: 4.5,
    max_brake_mps2: 11.0,
    steer_rate: 0.28,
    yaw_rate: 0.0415,
    understeer_s2pm2: 0.0,
    grip_mps2: 4.3,
    radius_m: 0.09,
  },
};

/** Places in a `Motion`: metres, unit heading, m/s, tangent of the wheel angle, rad/s. */
export const X = 0;
export const Y = 1;
export const C = 2;
export const S = 3;
export const V = 4;
export const STEER = 5;
export const YAW = 6;
export const MOTION = 7;
export type Motion = Float32Array;

const THIRD = f(1 / 3);
const TWO_FIFTEENTHS = f(2 / 15);
const HALF_SUBSTEP = f(0.5 * SUBSTEP_S);
const SUBSTEP = f(SUBSTEP_S);
const SLOWEST = f(0.3);

/** tan(angle) by its series to the fifth order. */
function tangent(angle: number): number {
  const square = f(angle * angle);
  const series = f(THIRD + f(square * TWO_FIFTEENTHS));
  return f(angle * f(1 + f(square * series)));
}

function clip(value: number, low: number, high: number): number {
  return value < low ? low : value > high ? high : value;
}

/**
 * One control tick of SUBSTEPS substeps, in place.
 *
 * steer, throttle: float32 commands in [-1, 1]; steering left is positive, throttle commands a speed.
 * grip: factor on the largest lateral acceleration.
 */
export function drive(car: CarParams, motion: Motion, steer: number, throttle: number, grip: number): void {
  const target = tangent(f(steer * f(car.max_steer_rad)));
  const halfRange = f(0.5 * (car.max_speed_mps - car.min_speed_mps));
  const speed = f(f(car.min_speed_mps) + f(halfRange * f(1 + throttle)));
  const lateral = f(f(car.grip_mps2) * grip);
  const [speedRate, steerRate, yawRate] = [f(car.speed_rate), f(car.steer_rate), f(car.yaw_rate)];
  const [brake, accelerate] = [f(-car.max_brake_mps2 * SUBSTEP_S), f(car.max_accel_mps2 * SUBSTEP_S)];
  const [wheelbase, understeer] = [f(car.wheelbase_m), f(car.understeer_s2pm2)];
  let [x, y, c, s, v, wheel, yaw] = motion as unknown as [number, number, number, number, number, number, number];
  for (let substep = 0; substep < SUBSTEPS; substep++) {
    wheel = f(wheel + f(f(target - wheel) * steerRate));
    v = f(v + clip(f(f(speed - v) * speedRate), brake, accelerate));
    const stiff = f(wheelbase * f(1 + f(f(understeer * v) * v)));
    const wanted = f(f(v * wheel) / stiff);
    const limit = f(lateral / (v > SLOWEST ? v : SLOWEST));
    yaw = f(yaw + f(f(clip(wanted, -limit, limit) - yaw) * yawRate));
    const half = f(yaw * HALF_SUBSTEP);
    const square = f(half * half);
    const scale = f(1 / f(1 + square));
    const cos = f(f(1 - square) * scale);
    const sin = f(f(2 * half) * scale);
    const turned = f(f(c * cos) - f(s * sin));
    s = f(f(s * cos) + f(c * sin));
    c = turned;
    x = f(x + f(f(v * c) * SUBSTEP));
    y = f(y + f(f(v * s) * SUBSTEP));
  }
  // One Newton step keeps the heading a unit vector for good.
  const norm = f(1.5 - f(0.5 * f(f(c * c) + f(s * s))));
  motion[X] = x;
  motion[Y] = y;
  motion[C] = f(c * norm);
  motion[S] = f(s * norm);
  motion[V] = v;
  motion[STEER] = wheel;
  motion[YAW] = yaw;
}
