import { describe, expect, it } from "vitest";
import { Ghost } from "../../src/league/ghost";
import { HandDrive } from "../../src/league/handDrive";
import { pose, TICK_MS } from "../../src/play/drive";
import { MOTION, V, X, Y } from "../../src/sim/car";
import { fromBase64 } from "../../src/sim/plain";
import { Race, type RaceRules } from "../../src/sim/race";
import { TIME_TRIAL } from "../../src/sim/raceTypes";
import { track } from "../sim/vectors";

const RULES: RaceRules = { laps: 1, consecutive: 1, off_track_ms: 2000, crash_ms: 5000, most_resets: 3, limit_s: 30, race: TIME_TRIAL, seed: 0 };
const ROAD = track("gen-7");

/** A drive and the world's time that it is told. */
class World {
  readonly drive: HandDrive;
  clock_ms = 0;
  constructor(rules: Partial<RaceRules> = {}) {
    this.drive = new HandDrive(ROAD, { ...RULES, ...rules });
  }
  tick(times = 1): void {
    for (let at = 0; at < times; at++) this.drive.tick((this.clock_ms += TICK_MS));
  }
  /** Ticks until it is so; returns how many. */
  until(so: (drive: HandDrive) => boolean): number {
    for (let ticks = 0; ticks < 1000; ticks++) {
      if (so(this.drive)) return ticks;
      this.tick();
    }
    throw new Error(`never so: ${this.drive.phase}`);
  }
  started(): this {
    this.until(({ phase }) => phase === "driving");
    return this;
  }
}

describe("a drive by hand", () => {
  it("counts down before the first tick, and keys that were held do not push the car over the line", () => {
    const world = new World();
    const counts: number[] = [];
    world.drive.hands.press("up", 0);
    world.until(({ phase, count }) => {
      if (count !== counts.at(-1)) counts.push(count);
      return phase === "driving";
    });
    expect(counts).toEqual([3, 2, 1, 0]);
    expect([world.drive.race.ticks, world.drive.clock_ms, world.drive.record()]).toEqual([0, 0, null]);
    world.tick();
    expect(world.drive.hands.throttle).toBeLessThan(-0.7);
    world.tick(8);
    expect(world.drive.motion[V]).toBeGreaterThan(1);
  });

  it("stands for as long as the penalty lasts while the race's clock runs on", () => {
    const world = new World().started();
    world.drive.hands.press("up", world.clock_ms);
    world.drive.hands.press("left", world.clock_ms);
    world.until(({ phase }) => phase === "penalty");
    const { ticks } = world.drive.race;
    expect(world.drive.stop).toMatchObject({ tick: ticks, ms: 2000, crashed: false, why: "off_track" });
    expect(world.drive.clock_ms).toBeCloseTo(ticks * TICK_MS, 6);
    expect(world.drive.motion[V]).toBe(0);
    const before = world.drive.clock_ms;
    expect(world.until(({ phase }) => phase === "driving")).toBe(30);
    expect(world.drive.race.ticks).toBe(ticks);
    expect(world.drive.clock_ms - before).toBeCloseTo(2000, 6);
  });

  it("hands in what was executed, from which the race follows again", () => {
    const world = new World().started();
    world.drive.hands.press("up", world.clock_ms);
    world.tick(20);
    world.drive.hands.release("up", world.clock_ms);
    world.drive.hands.press("left", world.clock_ms);
    world.until(({ race }) => race.stops.length === 2);
    world.drive.finish();
    const { actions, laps_ms } = world.drive.record()!;
    const again = new Race(ROAD, RULES);
    const bytes = new Int8Array(fromBase64(actions));
    expect(bytes.length).toBe(2 * world.drive.race.ticks);
    for (let at = 0; at < bytes.length; at += 2) again.tick(bytes[at]!, bytes[at + 1]!);
    expect([again.outcome, again.stops]).toEqual([world.drive.outcome, world.drive.race.stops]);
    expect(laps_ms).toEqual([]);
  });

  it("is over after the last reset and after the time, and begins anew as if nothing had been", () => {
    const given = new World({ most_resets: 0 }).started();
    given.drive.hands.press("up", given.clock_ms);
    given.drive.hands.press("left", given.clock_ms);
    given.until(({ phase }) => phase === "over");
    expect(given.drive.outcome.off_tracks).toBe(1);
    const slow = new World({ limit_s: 2 }).started();
    expect(slow.until(({ phase }) => phase === "over")).toBe(30);
    slow.drive.restart();
    expect([slow.drive.phase, slow.drive.count, slow.drive.race.ticks, slow.drive.record()]).toEqual(["countdown", 3, 0, null]);
  });
});

describe("the leader's ghost", () => {
  /** A lap along the middle at 2 m/s. */
  const rows = Math.ceil((ROAD.points * ROAD.spacing * 15) / 2);
  const motions = new Float32Array((rows + 1) * MOTION);
  for (let row = 0; row <= rows; row++) {
    const at = Math.floor((row * 2) / 15 / ROAD.spacing) % ROAD.points;
    motions.set([ROAD.centre[2 * at]!, ROAD.centre[2 * at + 1]!, ROAD.tangent[2 * at]!, ROAD.tangent[2 * at + 1]!], row * MOTION);
  }
  const ghost = new Ghost(ROAD, { motions, ticks: rows, from: 0, crashed: false });

  it("tells how far in time a car is behind it, and nothing beyond its end", () => {
    expect(Math.abs(ghost.gap_ms(4.21, 2000)!)).toBeLessThan(100);
    expect(ghost.gap_ms(4.21, 3500)! - ghost.gap_ms(4.21, 2000)!).toBe(1500);
    expect(ghost.gap_ms(0, 100)).toBe(100);
    expect(ghost.gap_ms(ROAD.points * ROAD.spacing + 5, 9000)).toBeNull();
  });

  it("is where it was at that time, and stays where it ended", () => {
    const out = pose();
    const { x, y } = ghost.at(2000, out);
    expect([x, y]).toEqual([motions[30 * MOTION + X], motions[30 * MOTION + Y]]);
    expect(ghost.at(1e6, out).x).toBe(motions[rows * MOTION + X]);
  });
});
