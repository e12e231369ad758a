import { expect, test } from "vitest";
import type { Wire } from "../../src/lib/api";
import { paint, scoreSvg } from "../../src/lib/chartSvg";

const point = (changes: Partial<Wire<"ScorePoint">> = {}): Wire<"ScorePoint"> =>
  ({ kind: "promoted", score: 0.5, score_low: 0.4, score_high: 0.6, attempts: 0, ...changes }) as Wire<"ScorePoint">;

const campaign = (history: Wire<"ScorePoint">[]): Wire<"Campaign"> =>
  ({ name: 'Bends & "boxes" <1>', target_score: 0.95, attempts: 200, history }) as Wire<"Campaign">;

const colours = {
  ink: "rgb(0, 0, 0)",
  muted: "rgb(90, 90, 90)",
  line: "rgb(220, 220, 220)",
  model: "rgb(47, 116, 189)",
  band: "color(srgb 0.184314 0.454902 0.741176 / 0.28)",
  paper: "rgb(255, 255, 255)",
  family: '"Inter Variable", system-ui, sans-serif',
  font_px: 12,
  dot_px: 4,
};
const frame = { width: 600, height: 260, colours };
const count = (text: string, part: string): number => text.split(part).length - 1;

/** Names of the open elements after reading the whole text; throws at a wrong end. */
function open(text: string): string[] {
  const names: string[] = [];
  for (const [, end, name, single] of text.matchAll(/<(\/?)([a-z]+)[^<>]*?(\/?)>/g)) {
    if (single || !name) continue;
    if (!end) names.push(name);
    else if (names.pop() !== name) throw new Error(`</${name}> closes something else`);
  }
  return names;
}

test("colours as browsers compute them become what every drawing program reads", () => {
  expect(paint("rgb(47, 116, 189)")).toEqual({ hex: "#2f74bd", opacity: 1 });
  expect(paint("rgba(47, 116, 189, 0.5)")).toEqual({ hex: "#2f74bd", opacity: 0.5 });
  expect(paint("rgb(0 10 255 / 28%)")).toEqual({ hex: "#000aff", opacity: 0.28 });
  expect(paint(colours.band)).toEqual({ hex: "#2f74bd", opacity: 0.28 });
  expect(() => paint("var(--accent)")).toThrow("not a colour");
  expect(() => paint("color(display-p3 1 0 0)")).toThrow("not a colour");
});

test("the document needs nothing from the page", () => {
  const text = scoreSvg(campaign([point(), point({ kind: "kept", attempts: 100 })]), frame);
  expect(open(text)).toEqual([]);
  expect(text).not.toMatch(/var\(|class=|light-dark|href|url\(|NaN|undefined/);
  expect(text).toContain("Bends &#38; &#34;boxes&#34; &#60;1&#62;: score history");
  expect(text).toContain('font-family="&#34;Inter Variable&#34;, system-ui, sans-serif" font-size="12"');
  for (const words of ["attempts judged", "% of the reference", "target"]) expect(text).toContain(`>${words}</text>`);
  expect(text).toContain('fill="#2f74bd" fill-opacity="0.28"');
});

test("dots, steps and band lie where the figures say", () => {
  const history = [point(), point({ kind: "kept", attempts: 100 }), point({ score: 0.8, score_low: 0, score_high: 0.9, attempts: 150 })];
  const text = scoreSvg(campaign(history), frame);
  // 520 px for 206 attempts from 68 px on, 194 px for 100 % up from 206 px.
  expect([...text.matchAll(/<circle cx="([\d.]+)" cy="([\d.]+)" r="([\d.]+)" fill="(#\w+)"/g)].map((found) => found.slice(1))).toEqual([
    ["68", "109", "4", "#2f74bd"],
    ["320.43", "109", "2.8", "#ffffff"],
    ["446.64", "50.8", "4", "#2f74bd"],
  ]);
  expect(text).toContain('<polyline points="68,109 320.43,109 320.43,109 446.64,109 446.64,50.8 572.85,50.8 572.85,50.8"');
  expect(count(text, "<polygon")).toBe(1);
  expect(text).toContain("446.64,206");
});

test("what was not measured leaves a gap, and an empty history its axes", () => {
  const gap = point({ score: null, score_low: null, score_high: null, attempts: 50 });
  const text = scoreSvg(campaign([point(), gap, point({ attempts: 100 })]), frame);
  expect(count(text, "<polyline")).toBe(2);
  expect(count(text, "<circle")).toBe(2);
  const empty = scoreSvg(campaign([]), frame);
  expect(open(empty)).toEqual([]);
  expect(count(empty, "<polyline")).toBe(0);
});
