import { Color } from "three";
import { colour } from "../../lib/theme.svelte";

const ROLES = {
  sky: "scene-sky",
  ground: "scene-ground",
  verge: "scene-verge",
  road: "scene-road",
  paint: "scene-paint",
  kerb: "scene-kerb",
  wet: "scene-wet",
  box: "scene-box",
  boxTop: "scene-box-top",
  leaf: "scene-leaf",
  trunk: "scene-trunk",
  shade: "scene-shade",
  car: "scene-car",
  glass: "scene-glass",
  tyre: "scene-tyre",
  light: "scene-light",
  model: "accent-shape",
  hand: "hand-shape",
} as const;

/** The colours of the theme in force, by what they paint. */
export type Palette = Record<keyof typeof ROLES, Color>;

export function readPalette(): Palette {
  const entries = Object.entries(ROLES).map(([name, role]) => [name, new Color(colour(role))]);
  return Object.fromEntries(entries) as Palette;
}
