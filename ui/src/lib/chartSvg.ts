import type { Wire } from "./api";
import type { ChartColours } from "./chart";
import { scale, ticks, type Range } from "./plot";
import { attemptsRange, isFull, scoreColumns, scoreRange, type ScoreColumns } from "./scores";

interface Paint {
  hex: string;
  opacity: number;
}

const MARGIN = { top: 12, right: 12, bottom: 54, left: 68 };
const LABEL_DROP = 0.35; // of the size: from a text's middle to its baseline, as not every program knows dominant-baseline

/**
 * A colour as the browser computes it, an `rgb(R G B / A)` or a `color(srgb R G B / A)`, in the form that every program
 * that draws SVG reads.
 * @throws Error for any other form
 */
export function paint(computed: string): Paint {
  const [, space, parts] = /^(rgba?|color)\((.*)\)$/.exec(computed.trim()) ?? [];
  const words = (parts ?? "").split(/[\s,/]+/).filter(Boolean);
  const numbers = (space === "color" && words[0] === "srgb" ? words.slice(1) : words).map((word) =>
    word.endsWith("%") ? Number.parseFloat(word) / 100 : Number(word),
  );
  if (![3, 4].includes(numbers.length) || numbers.some(Number.isNaN)) throw new Error(`${computed} is not a colour as browsers compute it.`);
  const scale = space === "color" ? 255 : 1;
  const hex = numbers.slice(0, 3).map((part) => Math.round(Math.min(255, Math.max(0, scale * part))).toString(16).padStart(2, "0"));
  return { hex: `#${hex.join("")}`, opacity: numbers[3] ?? 1 };
}

function painted(what: "fill" | "stroke", computed: string): string {
  const { hex, opacity } = paint(computed);
  return `${what}="${hex}"${opacity < 1 ? ` ${what}-opacity="${near(opacity)}"` : ""}`;
}

const escaped = (text: string): string => text.replace(/[&<>"]/g, (sign) => `&#${sign.charCodeAt(0)};`);
const fill = (computed: string): string => painted("fill", computed);
const stroke = (computed: string, wide: number): string => `${painted("stroke", computed)} stroke-width="${wide}"`;
const near = (value: number): string => String(Math.round(100 * value) / 100);

/** Runs of neighbours that were measured: pairs of position and value. */
function runs(x: readonly number[], y: readonly (number | null)[]): [number, number][][] {
  const found: [number, number][][] = [[]];
  y.forEach((value, n) => (value === null ? found.push([]) : found.at(-1)?.push([x[n] ?? 0, value])));
  return found.filter((run) => run.length > 0);
}

/** Corners of a line that keeps each value until the next point. */
const steps = (run: readonly [number, number][]): [number, number][] =>
  run.flatMap(([x, y], n) => (n === 0 ? [[x, y]] : [[x, run[n - 1]?.[1] ?? y], [x, y]]) as [number, number][]);

const corners = (points: readonly [number, number][]): string => points.map(([x, y]) => `${near(x)},${near(y)}`).join(" ");

interface Sheet {
  right: number;
  bottom: number;
  across: Range;
  up: Range;
  x: (attempts: number) => number;
  y: (percent: number) => number;
}

function sheet(columns: ScoreColumns, target: number, width: number, height: number): Sheet {
  const range = ([low, high]: [number, number]): Range => ({ low, high });
  const [across, up] = [range(attemptsRange(columns)), range(scoreRange(columns, target))];
  const [right, bottom] = [width - MARGIN.right, height - MARGIN.bottom];
  return { right, bottom, across, up, x: scale(across, MARGIN.left, right), y: scale(up, bottom, MARGIN.top) };
}

function axes({ x, y, right, bottom, across, up }: Sheet, height: number, colours: ChartColours): string[] {
  const drop = LABEL_DROP * colours.font_px;
  const label = (left: number, middle: number, words: string, anchor: string, more = ""): string =>
    `<text x="${near(left)}" y="${near(middle + drop)}" text-anchor="${anchor}"${more}>${escaped(words)}</text>`;
  const middle = (MARGIN.top + bottom) / 2;
  return [
    ...ticks(up, 5).map((value) => `<path d="M${MARGIN.left} ${near(y(value))}H${right}" ${stroke(colours.line, 1)}/>`),
    `<g ${fill(colours.muted)}>`,
    ...ticks(up, 5).map((value) => label(MARGIN.left - 8, y(value), near(value), "end")),
    ...ticks(across, Math.max(2, Math.floor(right / 90))).map((value) => label(x(value), bottom + 16, near(value), "middle")),
    label((MARGIN.left + right) / 2, height - 14, "attempts judged", "middle"),
    label(14, middle, "% of the reference", "middle", ` transform="rotate(-90 14 ${near(middle)})"`),
    "</g>",
  ];
}

/**
 * The score history as an SVG document that stands alone: the champion as a stepped line, its interval as a band,
 * full dots for new champions, hollow ones for rounds that changed nothing, the target dashed.
 * @param frame size in pixels, and colours as the browser computes them
 */
export function scoreSvg(campaign: Wire<"Campaign">, frame: { width: number; height: number; colours: ChartColours }): string {
  const { width, height, colours } = frame;
  const columns = scoreColumns(campaign.history, campaign.attempts);
  const drawn = sheet(columns, campaign.target_score, width, height);
  const { x, y, right } = drawn;
  const lines = (values: readonly (number | null)[]): [number, number][][] =>
    runs(columns.attempts, values).map((run) => steps(run.map(([attempts, percent]) => [x(attempts), y(percent)])));
  const high = lines(columns.high);
  const aim = near(y(100 * campaign.target_score));
  const dot = (point: Wire<"ScorePoint">, score: number): string => {
    const [radius, inside] = isFull(point) ? [1, colours.model] : [0.7, colours.paper];
    const place = `cx="${near(x(point.attempts))}" cy="${near(y(100 * score))}" r="${near(radius * colours.dot_px)}"`;
    return `<circle ${place} ${fill(inside)} ${stroke(colours.model, 1.5)}/>`;
  };
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" font-family="${escaped(colours.family)}" font-size="${colours.font_px}">`,
    `<title>${escaped(`${campaign.name}: score history`)}</title>`,
    `<rect width="${width}" height="${height}" ${fill(colours.paper)}/>`,
    ...axes(drawn, height, colours),
    ...lines(columns.low).map((low, n) => `<polygon points="${corners([...(high[n] ?? []), ...low.reverse()])}" ${fill(colours.band)}/>`),
    `<path d="M${MARGIN.left} ${aim}H${right}" ${stroke(colours.muted, 1)} stroke-dasharray="4 4"/>`,
    `<text x="${right}" y="${near(Number(aim) - 4)}" text-anchor="end" ${fill(colours.muted)}>target</text>`,
    ...lines(columns.score).map((line) => `<polyline points="${corners(line)}" fill="none" ${stroke(colours.model, 2)}/>`),
    ...campaign.history.flatMap((point) => (point.score === null ? [] : [dot(point, point.score)])),
    "</svg>",
    "",
  ].join("\n");
}
