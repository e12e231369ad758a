import { expect, test } from "vitest";
import { decodeActors, describe, humanTicks, runsOf } from "../../src/lib/strip";

test("neighbouring ticks of one driver are one run, and every tick is in one", () => {
  const actors = [0, 0, 1, 1, 1, 0, 1];
  const runs = runsOf(actors);
  expect(runs).toEqual([
    { human: false, from: 0, ticks: 2 },
    { human: true, from: 2, ticks: 3 },
    { human: false, from: 5, ticks: 1 },
    { human: true, from: 6, ticks: 1 },
  ]);
  expect(runs.reduce((sum, run) => sum + run.ticks, 0)).toBe(actors.length);
  expect(humanTicks(actors)).toBe(4);
  expect(runsOf([])).toEqual([]);
});

test("the wire's base64 is one byte per tick", () => {
  expect([...decodeActors("AAEB")]).toEqual([0, 1, 1]);
  expect(decodeActors("")).toHaveLength(0);
});

test("the strip speaks to those who do not see it", () => {
  const actors = new Uint8Array(30);
  expect(describe(actors, "your hands", 15)).toBe("2.0 s; the model drove all of it");
  actors.fill(1, 15, 21);
  expect(describe(actors, "your hands", 15)).toBe("2.0 s; your hands 1.0–1.4 s");
  actors.fill(1, 0, 3);
  expect(describe(actors, "your hands", 15)).toBe("2.0 s; your hands 0.0–0.2 s and 1.0–1.4 s");
});
