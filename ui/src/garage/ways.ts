/** Ways of cars as they are drawn: in bands of speed or reward. Pure. */
import type { RacingLine, TraceAnalysis, TraceWay } from "./wire";

export type Colouring = "speed" | "reward";
export type Shown = "all" | "training" | "evaluation" | "laps";

/** Bands of a way's values; more could not be told apart. */
export const BANDS = 6;

export interface Span {
  low: number;
  high: number;
}

/** Share of the values beyond either end of a span: clocks of simulators jitter, and a few steps would stretch it. */
const BEYOND = 0.01;

/** Where nearly all values of what is drawn lie; the row before the first action has none of its own. */
export function spanOf(ways: readonly TraceWay[], by: Colouring): Span {
  const values = Float64Array.from(ways.flatMap((way) => way[by].slice(1))).sort();
  const last = values.length - 1;
  return last < 0 ? { low: 0, high: 0 } : { low: values[Math.floor(BEYOND * last)]!, high: values[Math.ceil((1 - BEYOND) * last)]! };
}

/** Band of a value, 0 to BANDS - 1. */
export function bandOf(value: number, { low, high }: Span): number {
  return high > low ? Math.min(BANDS - 1, Math.max(0, Math.floor((BANDS * (value - low)) / (high - low)))) : 0;
}

/** Least value of each band, and the greatest of the last one. */
export const edges = ({ low, high }: Span): number[] => Array.from({ length: BANDS + 1 }, (_, at) => low + ((high - low) * at) / BANDS);

/** One SVG path for each band, of all segments whose later step is in it; y points up in the world, down in the page. */
export function bandPaths(ways: readonly TraceWay[], by: Colouring, span: Span, [right, up]: readonly [number, number]): string[] {
  const paths = Array.from({ length: BANDS }, () => [] as string[]);
  for (const { x, y, [by]: values } of ways) {
    let last = -1;
    for (let at = 1; at < x.length; at += 1) {
      const band = bandOf(values[at]!, span);
      const place = (step: number): string => `${(x[step]! + right).toFixed(2)} ${(-y[step]! - up).toFixed(2)}`;
      paths[band]!.push(`${band === last ? "" : `M${place(at - 1)}`}L${place(at)}`);
      last = band;
    }
  }
  return paths.map((parts) => parts.join(""));
}

export function shownWays(analysis: TraceAnalysis, shown: Shown): TraceWay[] {
  return analysis.ways.episodes.filter((way) => shown === "all" || (shown === "laps" ? way.status === "lap_complete" : way.phase === shown));
}

/** Box around ways and the track's own points, as an SVG's viewBox, with the given room on all sides. */
export function boxOf(points: readonly (readonly [number, number])[], room: number): string {
  const xs = points.map(([x]) => x);
  const ys = points.map(([, y]) => -y);
  const least = (values: number[]): number => values.reduce((a, b) => Math.min(a, b), Infinity);
  const most = (values: number[]): number => values.reduce((a, b) => Math.max(a, b), -Infinity);
  const [left, top] = [least(xs) - room, least(ys) - room];
  return [left, top, most(xs) + room - left, most(ys) + room - top].map((edge) => edge.toFixed(2)).join(" ");
}

/** SVG path of a racing line in the track's own metres. */
export function linePlaces({ points, offset_m: [right, up] }: RacingLine): string {
  return `M${points.map(([x, y]) => `${(x + right).toFixed(2)} ${(-y - up).toFixed(2)}`).join("L")}Z`;
}

/** SVG path of crosses where episodes left the road. */
export function exitPath({ each_episode, offset_m: [right, up] }: TraceAnalysis, arm: number): string {
  const off = each_episode.filter(({ status }) => status === "off_track" || status === "crashed");
  const side = (2 * arm).toFixed(3);
  return off.map(({ x, y }) => `M${(x + right - arm).toFixed(2)} ${(-y - up - arm).toFixed(2)}l${side} ${side}m0 -${side}l-${side} ${side}`).join("");
}

/** Words of a step for those who read it. */
export function stepWords(way: TraceWay, at: number): string {
  const part = (values: readonly number[], digits: number): string => (values[at] ?? 0).toFixed(digits);
  return `Step ${at + 1} of ${way.x.length}: x ${part(way.x, 2)} m, y ${part(way.y, 2)} m, ${part(way.speed, 2)} m/s, reward ${part(way.reward, 3)}`;
}

/** Words of how an episode ended. */
export function ended(status: string): string {
  const words: Record<string, string> = {
    lap_complete: "lap complete",
    off_track: "left the road",
    crashed: "crashed",
    immobilized: "stood still",
    reversed: "turned round",
    time_up: "ran out of time",
  };
  return words[status] ?? status.replaceAll("_", " ");
}

/** A line as a Python literal, to be kept beside a reward function. */
export function lineLiteral(points: readonly (readonly number[])[], name = "RACING_LINE"): string {
  const rows: string[] = [];
  for (let at = 0; at < points.length; at += 4) {
    const four = points.slice(at, at + 4).map(([x = 0, y = 0, speed = 0]) => `(${x.toFixed(3)}, ${y.toFixed(3)}, ${speed.toFixed(2)})`);
    rows.push(`    ${four.join(", ")},`);
  }
  return [`# Least curvature, (x, y, m/s) in driving order; the first point is repeated last.`, `${name} = [`, ...rows, "]", ""].join("\n");
}

/** A source with the line before everything else, in place of one that stands there already. */
export function withLine(source: string, literal: string): string {
  const old = /^(?:# Least curvature,[^\n]*\n)?RACING_LINE = \[\n(?: {4}\([^\n]*\n)*\]\n+/m;
  const rest = source.replace(old, "");
  return `${literal}\n\n${rest.replace(/^\n+/, "")}`;
}
