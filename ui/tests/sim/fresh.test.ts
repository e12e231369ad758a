import { describe, expect, it } from "vitest";
import { conditionsOf, CONDITIONS, freshStart, uniform } from "../../src/sim/fresh";
import { Racer } from "../../src/sim/rules";
import { track } from "./vectors";

describe("fresh starts", () => {
  const road = track("gen-0");

  it("are the same for the same seed and lie on the road, clear of boxes", () => {
    const racer = new Racer(road, "sport");
    for (let seed = 0; seed < 50; seed++) {
      const start = freshStart(road, CONDITIONS, seed);
      expect(freshStart(road, CONDITIONS, seed)).toEqual(start);
      expect(racer.crashed(start)).toBe(false);
      expect(Math.hypot(start.motion[2]!, start.motion[3]!)).toBeCloseTo(1, 5);
    }
  });

  it("leave boxes out as the conditions say", () => {
    const start = freshStart(road, { ...CONDITIONS, boxes: 2 }, 1);
    expect([...start.boxes].filter((_, i) => i % 4 === 0).map((x) => x < 0)).toEqual([false, false, true, true, true, true, true, true]);
  });

  it("take over what a campaign's configuration says and default the rest", () => {
    expect(conditionsOf({ conditions: { boxes: 3 } })).toEqual({ ...CONDITIONS, boxes: 3 });
    expect(conditionsOf({})).toEqual(CONDITIONS);
  });

  it("draw evenly", () => {
    const draw = uniform(7);
    const mean = Array.from({ length: 4000 }, draw).reduce((sum, one) => sum + one, 0) / 4000;
    expect(mean).toBeGreaterThan(0.47);
    expect(mean).toBeLessThan(0.53);
  });
});
