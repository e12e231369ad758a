import { describe, expect, it } from "vitest";
import { linePath, rangeOf, scale, stepPath, ticks } from "../../src/lib/plot";

describe("ticks", () => {
  it.each([
    [{ low: 0, high: 100 }, [0, 25, 50, 75, 100]],
    [{ low: 0, high: 0.9 }, [0, 0.25, 0.5, 0.75]],
    [{ low: -3, high: 7 }, [-2.5, 0, 2.5, 5]],
    [{ low: 2, high: 2 }, [2]],
  ])("of %o", (range, wanted) => expect(ticks(range)).toEqual(wanted));

  it.each([
    [{ low: 0, high: 100 }, 5, [0, 20, 40, 60, 80, 100]],
    [{ low: 0, high: 206 }, 5, [0, 50, 100, 150, 200]],
    [{ low: 0, high: 10.3 }, 4, [0, 5, 10]],
  ])("of %o, about %d of them", (range, number, wanted) => expect(ticks(range, number)).toEqual(wanted));
});

describe("ranges", () => {
  it("leave room, also around a single value and around none", () => {
    expect(rangeOf([])).toEqual({ low: 0, high: 1 });
    const { low, high } = rangeOf([5, 5, Number.NaN]);
    expect(low).toBeLessThan(5);
    expect(high).toBeGreaterThan(5);
    expect(rangeOf([3, 10], true).low).toBe(0);
  });

  it("lie on pixels", () => expect([0, 5, 10].map(scale({ low: 0, high: 10 }, 100, 0))).toEqual([100, 50, 0]));
});

describe("paths", () => {
  const same = (value: number): number => value;
  it("are lines through points", () => {
    expect(linePath([{ step: 0, value: 1 }, { step: 2, value: 3 }], same, same)).toBe("M0.0 1.0L2.0 3.0");
    expect(linePath([{ step: 0, value: Number.NaN }, { step: 2, value: 3 }], same, same)).toBe("M2.0 3.0");
  });
  it("are outlines of bars", () => {
    expect(stepPath([2, 5], same, same)).toBe("M0.0 0.0L0.0 2.0L1.0 2.0L1.0 5.0L2.0 5.0L2.0 0.0");
    expect(stepPath([], same, same)).toBe("");
  });
});
