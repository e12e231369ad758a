import type { Wire } from "./api";
import { count, credits, percent } from "./format";
import { VERDICT } from "./words";

type Point = Wire<"ScorePoint">;

/** A campaign's score history as columns: attempts judged against score in percent of the reference. */
export interface ScoreColumns {
  attempts: number[];
  score: (number | null)[];
  low: (number | null)[];
  high: (number | null)[];
}

const asPercent = (score: number | null): number | null => (score === null ? null : 100 * score);

/** @param attempts handed in by now: the last champion's line goes on until there */
export function scoreColumns(history: readonly Point[], attempts = 0): ScoreColumns {
  const last = history.at(-1);
  const points = last && attempts > last.attempts ? [...history, { ...last, attempts }] : history;
  return {
    attempts: points.map((point) => point.attempts),
    score: points.map((point) => asPercent(point.score)),
    low: points.map((point) => asPercent(point.score_low)),
    high: points.map((point) => asPercent(point.score_high)),
  };
}

/** A new champion is a full dot; a round after which the old one stays is a hollow one. */
export function isFull(point: Point): boolean {
  return point.kind !== "kept" && point.kind !== "rolled_back";
}

/** One point as a sentence, for the hover line, the keyboard and screen readers. */
export function pointWords(point: Point): string {
  const span =
    point.score_low !== null && point.score_high !== null ? ` (95 %: ${percent(point.score_low)} to ${percent(point.score_high)})` : "";
  const score = point.score === null ? "" : `: ${percent(point.score)}${span}`;
  const paid = point.paid_micro > 0 ? `, ${credits(point.paid_micro)} cr paid` : "";
  return `${VERDICT[point.kind].label}${score} after ${count(point.attempts, "attempt")}${paid}`;
}

/** The range of the x axis in attempts: from zero, with room for the last dot. */
export function attemptsRange(columns: ScoreColumns): [number, number] {
  return [0, Math.max(10, columns.attempts.at(-1) ?? 0) * 1.03];
}

/** The range of the y axis in percent: from zero or the worst lower bound, with room above target and best upper bound. */
export function scoreRange(columns: ScoreColumns, target: number): [number, number] {
  const top = Math.max(100 * target, ...columns.high.map((high) => high ?? 0), ...columns.score.map((score) => score ?? 0));
  const bottom = Math.min(0, ...columns.low.map((low) => low ?? 0), ...columns.score.map((score) => score ?? 0));
  return [bottom < 0 ? Math.floor((bottom - 4) / 10) * 10 : 0, Math.ceil((top + 4) / 10) * 10];
}
