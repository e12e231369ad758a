import { describe, expect, test } from "vitest";
import { ago, count, credits, duration, exactMicro, parseCredits, percent, percentFigure, points, short, signedCredits, value } from "../../src/lib/format";

describe("credits", () => {
  test.each([
    [0, "0.00"],
    [12_400_000, "12.40"],
    [-1_100_000, "−1.10"],
    [4_999, "0.00"],
    [-4_999, "0.00"],
    [5_000, "0.01"],
    [1_234_567_890_000, "1\u00a0234\u00a0567.89"],
  ])("%i micro-credits read %s", (micro, text) => expect(credits(micro)).toBe(text));

  test("what came in has a plus, nothing has none", () => {
    expect(signedCredits(2_000_000)).toBe("+2.00");
    expect(signedCredits(0)).toBe("0.00");
    expect(signedCredits(-2_000_000)).toBe("−2.00");
  });

  test.each([
    ["25", 25_000_000],
    [" 25.50 ", 25_500_000],
    ["0,000001", 1],
    ["", null],
    ["-3", null],
    ["1.1234567", null],
    ["1e3", null],
  ])("typed %j is %j micro-credits", (typed, micro) => expect(parseCredits(typed)).toBe(micro));

  test("the exact amount is never rounded", () => expect(exactMicro(-1_100_001)).toBe("−1\u00a0100\u00a0001 micro-credits"));
});

test("scores are percentages of the reference, differences are points", () => {
  expect(percent(0.634)).toBe("63.4\u00a0%");
  expect(percent(0.95, 0)).toBe("95\u00a0%");
  expect(percentFigure(-0.0001)).toBe("0.0");
  expect(points(0.0331)).toBe("+3.3");
  expect(points(-0.004)).toBe("−0.4");
  expect(points(0.0001)).toBe("0.0");
});

test("values keep about two digits", () => {
  expect(value(0.349)).toBe("+0.35");
  expect(value(18.3)).toBe("+18");
  expect(value(-9.25)).toBe("−9.3");
  expect(value(0.004)).toBe("0");
});

test.each([
  ["2026-01-01T00:00:00Z", "just now"],
  ["2025-12-31T23:57:00Z", "3 minutes ago"],
  ["2025-12-31T22:00:00Z", "2 hours ago"],
  ["2025-12-30T00:00:00Z", "2 days ago"],
  ["2025-10-01T00:00:00Z", "1 Oct 2025"],
])("%s is %s", (at, words) => expect(ago(at, Date.parse("2026-01-01T00:00:02Z"))).toBe(words));

test.each([
  [0, "0\u00a0s"],
  [59.7, "1\u00a0min 0\u00a0s"],
  [245, "4\u00a0min 5\u00a0s"],
  [7400, "2\u00a0h 3\u00a0min"],
  [43_200, "12\u00a0h 0\u00a0min"],
])("%d s take %s", (s, words) => expect(duration(s)).toBe(words));

test("plurals and shortened ids", () => {
  expect(count(1, "attempt")).toBe("1 attempt");
  expect(count(1200, "attempt")).toBe("1\u00a0200 attempts");
  expect(short("bafkreiabcdefghijx3qa")).toBe("bafkrei…x3qa");
  expect(short("short")).toBe("short");
});
