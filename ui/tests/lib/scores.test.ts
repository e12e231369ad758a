import { expect, test } from "vitest";
import type { Wire } from "../../src/lib/api";
import { isFull, pointWords, scoreColumns, scoreRange } from "../../src/lib/scores";

const point = (changes: Partial<Wire<"ScorePoint">> = {}): Wire<"ScorePoint"> =>
  ({ verdict_id: "v", number: 1, kind: "promoted", score: 0.631, score_low: 0.61, score_high: 0.65, attempts: 120, paid_micro: 12_400_000, ...changes }) as Wire<"ScorePoint">;

test("columns are percent against attempts, with gaps where nothing was measured", () => {
  expect(scoreColumns([point(), point({ score: null, score_low: null, score_high: null, attempts: 130 })])).toEqual({
    attempts: [120, 130],
    score: [63.1, null],
    low: [61, null],
    high: [65, null],
  });
});

test("the line goes on to the attempts of now", () => {
  expect(scoreColumns([point()], 150)).toMatchObject({ attempts: [120, 150], score: [63.1, 63.1] });
  expect(scoreColumns([point()], 120).attempts).toEqual([120]);
  expect(scoreColumns([], 5).attempts).toEqual([]);
});

test("the axis begins at zero and holds target and bounds", () => {
  expect(scoreRange(scoreColumns([point()]), 0.95)).toEqual([0, 100]);
  expect(scoreRange(scoreColumns([point({ score_high: 1.2 })]), 0.95)).toEqual([0, 130]);
});

test("only a new champion is a full dot, and each point is a sentence", () => {
  expect(isFull(point({ kind: "kept" }))).toBe(false);
  expect(isFull(point({ kind: "rolled_back" }))).toBe(false);
  expect(isFull(point({ kind: "control_promoted" }))).toBe(true);
  expect(pointWords(point())).toBe("New champion: 63.1\u00a0% (95 %: 61.0\u00a0% to 65.0\u00a0%) after 120 attempts, 12.40 cr paid");
});

test("the axis goes below zero where scores do", () => {
  expect(scoreRange(scoreColumns([point({ score: -0.266, score_low: -0.31 })]), 1)).toEqual([-40, 110]);
});
