import { describe, expect, it } from "vitest";
import { between, Drive, pose } from "../../src/play/drive";
import { alone, recorded, stateBefore } from "../../src/play/runs";
import { CONDITIONS, freshStart } from "../../src/sim/fresh";
import { Driver } from "../../src/sim/driver";
import { fromBase64 } from "../../src/sim/plain";
import { Policy } from "../../src/sim/policy";
import { Racer } from "../../src/sim/rules";
import { bytes, track, vectors } from "../sim/vectors";

const file = bytes(vectors<{ cases: { policy: string }[] }>("network").cases[0]!.policy).slice().buffer;
const racer = new Racer(track("gen-0"), "sport");
const start = freshStart(racer.track, CONDITIONS, 3);
const driver = (): Driver => new Driver(new Policy(file));

function drive(hand: (tick: number) => boolean): Drive {
  const attempt = new Drive(racer, driver(), start);
  while (!attempt.ended) attempt.tick(hand(attempt.ticks) ? { steer: 0, throttle: -1 } : null);
  return attempt;
}

describe("an attempt", () => {
  it("records what was executed and by whom, and its replay ends in the same place", () => {
    const attempt = drive((tick) => tick >= 2 && tick < 5);
    const { ticks, actions, actors, final } = attempt.record();
    expect(ticks).toBe(attempt.ticks);
    expect([...fromBase64(actors)].slice(0, 6)).toEqual([0, 0, 1, 1, 1, 0].slice(0, ticks));
    const run = recorded(racer, start, new Int8Array(fromBase64(actions)));
    expect(run.crashed).toBe(attempt.ended === "crash");
    expect(run.motions[run.ticks * 7]).toBe(Math.fround(final.x!));
  });

  it("is the model's own drive when nobody touches the wheel", () => {
    const attempt = drive(() => false);
    const run = alone(racer, driver(), start, 300);
    expect(run.ticks).toBe(attempt.ticks);
    expect([...run.motions.subarray(run.ticks * 7)]).toEqual([...attempt.motion]);
  });

  it("can be taken up again from any tick", () => {
    const attempt = drive(() => false);
    const middle = Math.floor(attempt.ticks / 2);
    const rest = alone(racer, driver(), stateBefore(racer, start, attempt.actions, middle), 300, middle);
    expect(rest.from + rest.ticks).toBe(attempt.ticks);
  });

  it("ends after its time", () => {
    const attempt = new Drive(racer, driver(), start, 1);
    attempt.tick(null);
    attempt.tick(null);
    expect(attempt.ticks).toBe(1);
    expect(attempt.ended).not.toBeNull();
  });

  it("starts the hands at the speed the car has", () => {
    const { steer, throttle } = new Drive(racer, driver(), start).command;
    expect(steer).toBe(0);
    expect(0.4 + 1.8 * (1 + throttle)).toBeCloseTo(start.motion[4]!, 5);
  });
});

describe("drawing between two ticks", () => {
  const from = Float32Array.of(0, 0, 1, 0, 3, 0, 0);
  const to = Float32Array.of(0.2, 0, 1, 0, 3, 0.2, 0);

  it("meets both ends and keeps the heading a unit vector", () => {
    const turned = Float32Array.of(0.2, 0.02, 0.8, 0.6, 3, 0, 0);
    expect(between(from, turned, 0, pose())).toMatchObject({ x: 0, y: 0, c: 1 });
    const end = between(from, turned, 1, pose());
    expect([end.x, end.y]).toEqual([turned[0], turned[1]]);
    const middle = between(from, turned, 0.5, pose());
    expect(Math.hypot(middle.c, middle.s)).toBeCloseTo(1, 12);
  });

  it("moves evenly on a straight", () => {
    expect(between(from, to, 0.5, pose()).x).toBeCloseTo(0.1, 6);
  });
});
