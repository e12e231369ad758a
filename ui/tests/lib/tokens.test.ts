import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";

const root = fileURLToPath(new URL("../../src", import.meta.url));
const tokens = readFileSync(join(root, "lib/tokens.css"), "utf8");

type Rgb = [number, number, number];
const rgb = (hex: string): Rgb => [1, 3, 5].map((at) => Number.parseInt(hex.slice(at, at + 2), 16)) as Rgb;

/** Role → its colour in light and dark. */
const roles = new Map(
  [...tokens.matchAll(/--([\w-]+): light-dark\((#[0-9a-f]{6}), (#[0-9a-f]{6})\)/g)].map(([, role, light, dark]) => [
    role as string,
    { light: rgb(light as string), dark: rgb(dark as string) },
  ]),
);

/** WCAG 2.2 relative luminance and contrast ratio. */
function luminance(colour: Rgb): number {
  const [r, g, b] = colour.map((level) => {
    const share = level / 255;
    return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
  }) as Rgb;
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
}

function contrast(one: string, other: string, theme: "light" | "dark"): number {
  const [a, b] = [roles.get(one), roles.get(other)];
  if (!a || !b) throw new Error(`tokens.css has no ${a ? other : one} in both themes`);
  const [dark, light] = [luminance(a[theme]), luminance(b[theme])].sort((x, y) => x - y) as [number, number];
  return (light + 0.05) / (dark + 0.05);
}

const grounds = ["paper", "raised", "sunken"];
const text: [string, string][] = [
  ...["ink", "muted", "accent", "hand", "good", "bad"].flatMap((role) => grounds.map((ground): [string, string] => [role, ground])),
  ["ink", "accent-soft"],
  ["ink", "hand-soft"],
  ["accent", "accent-soft"],
  ["hand", "hand-soft"],
  ["bad", "bad-soft"],
  ...["code-keyword", "code-string", "code-number"].flatMap((role) => ["raised", "sunken"].map((ground): [string, string] => [role, ground])),
  ["on-accent", "accent"],
  ["on-hand", "hand"],
];
const shapes: [string, string][] = [
  ...["accent-shape", "hand-shape", "control-line"].flatMap((role) => ["paper", "raised"].map((ground): [string, string] => [role, ground])),
  ...["accent-shape", "hand-shape", "board-food", "bad"].flatMap((role) =>
    ["board", "board-check"].map((ground): [string, string] => [role, ground]),
  ),
];

describe.each(["light", "dark"] as const)("contrast, %s", (theme) => {
  test.each(text)("%s reads on %s", (role, ground) => expect(contrast(role, ground, theme)).toBeGreaterThanOrEqual(4.5));
  test.each(shapes)("%s shows on %s", (role, ground) => expect(contrast(role, ground, theme)).toBeGreaterThanOrEqual(3));
  test("blue and orange differ in lightness or hue from each other's ground", () => {
    expect(contrast("accent-shape", "accent-soft", theme)).toBeGreaterThanOrEqual(3);
    expect(contrast("hand-shape", "hand-soft", theme)).toBeGreaterThanOrEqual(3);
  });
});

const files = readdirSync(root, { recursive: true, encoding: "utf8" }).filter(
  (file) => /\.(svelte|css|ts)$/.test(file) && !/tokens\.css$|wire\.ts$/.test(file),
);

/** Colours by any notation; in scripts only inside quotes, where `#add` cannot be a private field. */
const COLOUR = /(?<=[:\s(,])#(?:[0-9a-f]{3,4}){1,2}\b(?=[;\s,)])|\b(?:rgb|hsl|lab|lch|oklab|oklch)a?\(/i;
const COLOUR_IN_SCRIPT = /["'`](?:#(?:[0-9a-f]{3,4}){1,2}\b|(?:rgb|hsl)a?\(\s*\d)/i;
const SIZE = /(?<![\w-])-?\d*\.?\d+(?:px|rem|pt)\b/;

function styles(file: string, source: string): string {
  const css = file.endsWith(".css") ? source : [...source.matchAll(/<style>([\s\S]*?)<\/style>/g)].map((found) => found[1]).join("\n");
  return css.replace(/\/\*[\s\S]*?\*\//g, "").replace(/@media[^{]*/g, "");
}

describe("only tokens.css names colours and sizes", () => {
  test.each(files)("%s", (file) => {
    const source = readFileSync(join(root, file), "utf8");
    const css = styles(file, source);
    expect(COLOUR.exec(css)?.[0]).toBeUndefined();
    expect(SIZE.exec(css)?.[0]).toBeUndefined();
    if (!file.endsWith(".css")) expect(COLOUR_IN_SCRIPT.exec(source)?.[0]).toBeUndefined();
  });
});

test("every role that is used exists", () => {
  const named = new Set([...tokens.matchAll(/--([\w-]+):/g)].map((found) => found[1]));
  const missing = files.flatMap((file) => {
    const source = readFileSync(join(root, file), "utf8");
    // Set in a style sheet, or on an element by `style:--name=`.
    const own = new Set([...source.matchAll(/--([\w-]+)[:=]/g)].map((found) => found[1]));
    return [...source.matchAll(/var\(--([\w-]+)/g)].map((found) => found[1]).filter((role) => !named.has(role) && !own.has(role));
  });
  expect([...new Set(missing)]).toEqual([]);
});
