import { describe, expect, it } from "vitest";
import { botsOf, boxesOf, finalRuns, runOf } from "../../src/league/path";
import { MOTION, V, X } from "../../src/sim/car";

const path = (stops: { tick: number; ms: number; crashed: boolean }[]) => ({
  ticks_per_s: 15,
  x_mm: [100, 200, 300, 50, 60],
  y_mm: [0, 0, 0, 0, 0],
  heading_mrad: [0, 0, 0, 1571, 1571],
  stops,
  boxes: [{ x_mm: [1500], y_mm: [-250], heading_mrad: [1571] }],
  bots: [{ x_mm: [0, 10, 20, 30, 40], y_mm: [0, 0, 0, 0, 0], heading_mrad: [0, 0, 0, 0, 0] }],
});
const column = (run: ReturnType<typeof runOf>, at: number): number[] =>
  Array.from({ length: run.ticks + 1 }, (_, row) => Number(run.motions[row * MOTION + at]!.toFixed(3)));

describe("a driven way", () => {
  it("takes a row a tick, and begins where its first tick ended", () => {
    const run = runOf(path([]));
    expect(run.ticks).toBe(5);
    expect(column(run, X)).toEqual([0.1, 0.1, 0.2, 0.3, 0.05, 0.06]);
  });

  it("stands where it was put back for as long as the penalty lasts", () => {
    const run = runOf(path([{ tick: 3, ms: 200, crashed: false }]));
    expect(run.ticks).toBe(5 + 3);
    expect(column(run, X)).toEqual([0.1, 0.1, 0.2, 0.3, 0.05, 0.05, 0.05, 0.05, 0.06]);
    expect(column(run, V).slice(4, 8)).toEqual([0, 0, 0, 0]);
  });

  it("has bots that stand while it stands", () => {
    const stood = path([{ tick: 3, ms: 200, crashed: true }]);
    expect(column(botsOf(stood)[0]!, X)).toEqual([0, 0, 0.01, 0.02, 0.03, 0.03, 0.03, 0.03, 0.04]);
    expect(botsOf(stood)[0]!.ticks).toBe(runOf(stood).ticks);
  });

  it("has boxes where they stood", () => expect([...boxesOf(path([]))].map((one) => Number(one.toFixed(3)) + 0)).toEqual([1.5, -0.25, 0, 1]));

  it("moves at the speed of its samples", () => expect(column(runOf(path([])), V).slice(2, 4)).toEqual([1.5, 1.5]));

  it("may be empty", () => expect(runOf({ ...path([]), x_mm: [], y_mm: [], heading_mrad: [] }).ticks).toBe(0));
});

describe("a final's ways", () => {
  const cars = [{ x_mm: [100, 200, 1200, 1300], y_mm: [0, 0, 0, 0], heading_mrad: [0, 0, 0, 0] }];
  it("take a row a tick, and jump where a car is put back", () => {
    const [run] = finalRuns({ ticks_per_s: 15, cars });
    expect(run!.ticks).toBe(4);
    expect(column(run!, X)).toEqual([0.1, 0.1, 0.2, 1.2, 1.3]);
    expect(column(run!, V)).toEqual([0, 0, 1.5, 0, 1.5]);
  });
});
