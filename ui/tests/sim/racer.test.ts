import { describe, expect, it } from "vitest";
import { PRESETS, type CarParams } from "../../src/sim/car";
import { plainState, stateOf, type PlainState } from "../../src/sim/plain";
import { proprio, Racer } from "../../src/sim/rules";
import { eyeOf } from "../../src/sim/driver";
import type { SensorSpec } from "../../src/sim/policy";
import { Camera } from "../../src/sim/sensors";
import { bytes, track, vectors } from "./vectors";

interface DriveCase {
  conditions: { car: string };
  start: PlainState;
  crash_tick: number | null;
  actions: string;
  states: { tick: number; progress: number; waypoint: number; along: number; motion: PlainState["motion"] }[];
}

interface SensorCase {
  start: PlainState;
  proprio: number[];
  [sensor: string]: unknown;
}

const drives = vectors<{ cars: Record<string, CarParams>; cases: DriveCase[] }>("drive");
const sensors = vectors<{ sensors: Record<string, SensorSpec>; cases: SensorCase[] }>("sensors");

describe("the car", () => {
  it("has the constants of the Python one", () => {
    expect(PRESETS).toEqual(drives.cars);
  });

  it.each(drives.cases.map((one, number) => ({ number, one })))("drives as recorded, case $number", ({ one }) => {
    const racer = new Racer(track(one.start.track), one.conditions.car);
    const state = stateOf(plainState(one.start as unknown as Record<string, unknown>));
    const actions = new Int8Array(bytes(one.actions));
    let progress = 0;
    for (let tick = 1; tick <= actions.length / 2; tick++) {
      progress += racer.step(state, actions[2 * tick - 2]!, actions[2 * tick - 1]!);
      expect(racer.crashed(state)).toBe(tick === one.crash_tick);
      const known = one.states.find((seen) => seen.tick === tick);
      if (!known) continue;
      expect(Math.hypot(state.motion[0]! - known.motion.x, state.motion[1]! - known.motion.y)).toBeLessThan(1e-3);
      expect(state.waypoint).toBe(known.waypoint);
      expect(Math.abs(progress - known.progress)).toBeLessThan(1e-3);
      // Single roundings on both sides: not merely close but the same bits.
      expect([...state.motion]).toEqual(Object.values(known.motion));
    }
  });

  it("names the choices when there is no such car", () => {
    expect(() => new Racer(track("gen-0"), "tank")).toThrow(/no car tank; there are .*sport/);
  });
});

describe("sensors", () => {
  const each = sensors.cases.flatMap((one, number) =>
    Object.entries(sensors.sensors)
      .filter(([name]) => name in one)
      .map(([name, spec]) => ({ number, name, spec, one })),
  );

  it.each(each)("see what Python sees: $name from start $number", ({ name, spec, one }) => {
    const road = track(one.start.track);
    const state = stateOf(one.start);
    const eye = eyeOf(spec, "racer-v0");
    if (eye instanceof Camera) {
      eye.picture(road, state.motion, state);
      expect([...eye.told]).toEqual([...bytes(one[name] as string)]);
      return;
    }
    eye.scan(road, state.motion, state.boxes);
    const vector = new Float32Array(eye.told.length + 3);
    vector.set(eye.told);
    proprio(state.motion, vector, eye.told.length);
    expect([...vector]).toEqual(one[name]);
  });
});
