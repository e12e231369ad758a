import { describe, expect, it } from "vitest";
import type { TraceAnalysis, TraceWay } from "../../src/garage/wire";
import { BANDS, bandOf, bandPaths, boxOf, edges, exitPath, lineLiteral, linePlaces, shownWays, spanOf, stepWords, withLine } from "../../src/garage/ways";

const way = (changes: Partial<TraceWay> = {}): TraceWay => ({
  phase: "training",
  episode: 0,
  status: "off_track",
  x: [0, 1, 2, 3],
  y: [0, 0, 1, 1],
  speed: [0, 1, 1, 3],
  reward: [0, 5, 5, 5],
  ...changes,
});

describe("bands", () => {
  it("leave out the row before the first action and take equal values for the lowest band", () => {
    expect(spanOf([way()], "speed")).toEqual({ low: 1, high: 3 });
    expect(bandOf(5, spanOf([way()], "reward"))).toBe(0);
    expect(spanOf([], "speed")).toEqual({ low: 0, high: 0 });
  });

  it("take values beyond the ends into the outermost ones", () => {
    const span = { low: 0, high: BANDS };
    expect([-3, 0, 0.5, BANDS - 0.1, BANDS, 99].map((value) => bandOf(value, span))).toEqual([0, 0, 0, BANDS - 1, BANDS - 1, BANDS - 1]);
    expect(edges(span)).toHaveLength(BANDS + 1);
  });

  it("are not stretched by a few steps of a jittering clock", () => {
    const speed = Array.from({ length: 1000 }, (_, at) => (at === 500 ? 400 : 1 + at / 1000));
    expect(spanOf([way({ speed })], "speed").high).toBeLessThan(2.1);
  });

  it("draw every segment once, upright, moved by the offset", () => {
    const paths = bandPaths([way()], "speed", { low: 1, high: 3 }, [10, 20]);
    expect(paths[0]).toBe("M10.00 -20.00L11.00 -20.00L12.00 -21.00");
    expect(paths[BANDS - 1]).toBe("M12.00 -21.00L13.00 -21.00");
  });
});

it("shows the episodes that were asked for", () => {
  const episodes = [way(), way({ phase: "evaluation", status: "lap_complete" })];
  const analysis = { ways: { iteration: 0, iterations: [0], episodes } } as unknown as TraceAnalysis;
  expect(shownWays(analysis, "all")).toHaveLength(2);
  expect(shownWays(analysis, "training")).toEqual([episodes[0]]);
  expect(shownWays(analysis, "laps")).toEqual([episodes[1]]);
});

it("crosses out where cars left the road, and nothing else", () => {
  const each_episode = [
    { x: 1, y: 2, status: "off_track" },
    { x: 5, y: 5, status: "lap_complete" },
  ];
  expect(exitPath({ each_episode, offset_m: [0, 0] } as unknown as TraceAnalysis, 0.5)).toBe("M0.50 -2.50l1.000 1.000m0 -1.000l-1.000 1.000");
});

it("says a step in words and a box in numbers", () => {
  expect(stepWords(way(), 2)).toBe("Step 3 of 4: x 2.00 m, y 1.00 m, 1.00 m/s, reward 5.000");
  expect(boxOf([[0, 0], [2, 1]], 1)).toBe("-1.00 -2.00 4.00 3.00");
});

describe("the racing line", () => {
  const points: [number, number, number][] = [
    [1, 2, 3],
    [1.5, 2.25, 3.5],
    [1, 2, 3],
  ];

  it("is drawn where the track is", () => {
    const line = { points, offset_m: [1, 1] } as unknown as Parameters<typeof linePlaces>[0];
    expect(linePlaces(line)).toBe("M2.00 -3.00L2.50 -3.25L2.00 -3.00Z");
  });

  it("is put before a reward function, and in place of an older one", () => {
    const source = "import math\n\n\ndef reward_function(params):\n    return 1.0\n";
    const once = withLine(source, lineLiteral(points));
    expect(once).toContain("RACING_LINE = [\n    (1.000, 2.000, 3.00), (1.500, 2.250, 3.50), (1.000, 2.000, 3.00),\n]\n");
    expect(once.endsWith(source)).toBe(true);
    const twice = withLine(once, lineLiteral([[7, 8, 1]]));
    expect(twice.match(/RACING_LINE/g)).toHaveLength(1);
    expect(twice.endsWith(source)).toBe(true);
  });
});
