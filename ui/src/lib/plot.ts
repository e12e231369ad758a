/** Where things stand in a chart, and how it leaves the page as SVG or PNG. */

export interface Range {
  low: number;
  high: number;
}

/** How a line of a chart looks, and what it stands for. */
export interface Mark {
  look: "model" | "beside" | "before" | "hand" | "best";
  words: string;
}

/** Round values within a range, about `wanted` of them. */
export function ticks({ low, high }: Range, wanted = 4): number[] {
  const rough = (high - low) / wanted;
  if (!(rough > 0)) return [low];
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = ([1, 2, 2.5, 5, 10].find((size) => size * power >= rough * 0.999) ?? 10) * power;
  const first = Math.ceil(low / step - 1e-9);
  const last = Math.floor(high / step + 1e-9);
  return Array.from({ length: last - first + 1 }, (_, at) => Number(((first + at) * step).toPrecision(12)));
}

/** The range of values, widened to something drawable, from zero if `fromZero`. */
export function rangeOf(values: readonly number[], fromZero = false): Range {
  const known = values.filter(Number.isFinite);
  if (known.length === 0) return { low: 0, high: 1 };
  const low = fromZero ? Math.min(0, ...known) : Math.min(...known);
  const high = Math.max(...known);
  const room = (high - low || Math.abs(high) || 1) * 0.06;
  return { low: fromZero && low === 0 ? 0 : low - room, high: high + room };
}

/** A range laid on pixels. */
export function scale(range: Range, from: number, to: number): (value: number) => number {
  const size = range.high - range.low || 1;
  return (value) => from + ((value - range.low) / size) * (to - from);
}

const place = (value: number): string => value.toFixed(1);

export function linePath(points: readonly { step: number; value: number }[], x: (step: number) => number, y: (value: number) => number): string {
  const drawn = points.filter(({ value }) => Number.isFinite(value));
  return drawn.map(({ step, value }, at) => `${at ? "L" : "M"}${place(x(step))} ${place(y(value))}`).join("");
}

/** The outline of bars: flat over each, straight up and down between them. */
export function stepPath(counts: readonly number[], x: (edge: number) => number, y: (count: number) => number): string {
  const flat = counts.map((count, bar) => `L${place(x(bar))} ${place(y(count))}L${place(x(bar + 1))} ${place(y(count))}`).join("");
  return counts.length === 0 ? "" : `M${place(x(0))} ${place(y(0))}${flat}L${place(x(counts.length))} ${place(y(0))}`;
}

/** What a drawing needs to look the same without the page's style sheets. */
const OWN = ["fill", "fill-opacity", "stroke", "stroke-width", "stroke-dasharray", "stroke-linejoin", "font-family", "font-size", "font-weight", "text-anchor", "dominant-baseline"];

/** A chart as a file of its own, in the colours it has now, on the given ground. */
function standalone(chart: SVGSVGElement, ground: string): string {
  const copy = chart.cloneNode(true) as SVGSVGElement;
  const [from, to] = [chart.querySelectorAll("*"), copy.querySelectorAll<SVGElement>("*")];
  from.forEach((element, at) => {
    const style = getComputedStyle(element);
    for (const name of OWN) to[at]!.style.setProperty(name, style.getPropertyValue(name));
    to[at]!.removeAttribute("class");
  });
  for (const passing of copy.querySelectorAll("[data-passing]")) passing.remove();
  const { width, height } = chart.viewBox.baseVal;
  copy.setAttribute("xmlns", "http://www.w3.org/2000/svg");
  copy.setAttribute("width", String(width));
  copy.setAttribute("height", String(height));
  const sheet = document.createElementNS("http://www.w3.org/2000/svg", "rect");
  sheet.setAttribute("width", "100%");
  sheet.setAttribute("height", "100%");
  sheet.style.fill = ground;
  copy.prepend(sheet);
  return new XMLSerializer().serializeToString(copy);
}

/** Hand an address to the browser as a download of the given name. */
export function save(name: string, address: string): void {
  const link = document.createElement("a");
  link.href = address;
  link.download = name;
  link.click();
}

const asAddress = (svg: string): string => `data:image/svg+xml;charset=utf-8,${encodeURIComponent(svg)}`;

export function saveSvg(chart: SVGSVGElement, ground: string, name: string): void {
  save(`${name}.svg`, asAddress(standalone(chart, ground)));
}

/** The address of a plain text, to be saved as a file. */
export const asText = (text: string): string => `data:text/plain;charset=utf-8,${encodeURIComponent(text)}`;

/** Twice as fine as on the page. */
export async function savePng(chart: SVGSVGElement, ground: string, name: string): Promise<void> {
  const picture = new Image();
  picture.src = asAddress(standalone(chart, ground));
  await picture.decode();
  const sheet = document.createElement("canvas");
  const { width, height } = chart.viewBox.baseVal;
  sheet.width = 2 * width;
  sheet.height = 2 * height;
  sheet.getContext("2d")?.drawImage(picture, 0, 0, sheet.width, sheet.height);
  save(`${name}.png`, sheet.toDataURL("image/png"));
}
