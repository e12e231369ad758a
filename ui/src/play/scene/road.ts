/** The road from its centre line and half widths: asphalt, painted edges, a dashed middle, kerbs in the bends. */
import type { BufferGeometry } from "three";
import type { Track } from "../../sim/track";
import { Triangles, type Point } from "./mesh";
import type { Palette } from "./palette";

const PAINT_M = 0.022;
const KERB_M = 0.07;
const DASH_M = 0.012;
const KERB_CURVATURE_PM = 0.45;
const [GROUND_Y, ROAD_Y, LINE_Y, KERB_Y] = [0, 0.004, 0.006, 0.012];

/** A point of the world: the track's plane is x to the right, y away from the viewer; three's y is up. */
export function at(x: number, y: number, up: number): Point {
  return [x, up, -y];
}

export function roadGeometry(track: Track, palette: Palette): BufferGeometry {
  const triangles = new Triangles();
  const { centre, tangent, halfWidth, points, spacing } = track;
  /** point i of the road, `aside` metres to the left of the middle */
  const place = (i: number, aside: number, up: number): Point => {
    const k = 2 * (i % points);
    return at(centre[k]! - tangent[k + 1]! * aside, centre[k + 1]! + tangent[k]! * aside, up);
  };
  const ribbon = (i: number, from: (i: number) => number, to: (i: number) => number, up: number, colour = palette.road): void => {
    triangles.quad(place(i, to(i), up), place(i, from(i), up), place(i + 1, from(i + 1), up), place(i + 1, to(i + 1), up), colour);
  };
  const half = (i: number): number => halfWidth[i % points]!;
  const dashes = Math.max(1, Math.round(0.3 / spacing));
  const teeth = Math.max(1, Math.round(0.14 / spacing));
  for (let i = 0; i < points; i++) {
    ribbon(i, (k) => -half(k), half, ROAD_Y);
    ribbon(i, (k) => half(k) - 2 * PAINT_M, (k) => half(k) - PAINT_M, LINE_Y, palette.paint);
    ribbon(i, (k) => PAINT_M - half(k), (k) => 2 * PAINT_M - half(k), LINE_Y, palette.paint);
    if (Math.floor(i / dashes) % 3 === 0) ribbon(i, () => -DASH_M, () => DASH_M, LINE_Y, palette.paint);
    const bend = curvature(track, i);
    const colour = Math.floor(i / teeth) % 2 === 0 ? palette.kerb : palette.paint;
    // The kerb lies inside a bend and, opposite, where the car is carried to.
    if (Math.abs(bend) > KERB_CURVATURE_PM) {
      ribbon(i, half, (k) => half(k) + KERB_M, KERB_Y, colour);
      ribbon(i, (k) => -half(k) - KERB_M, (k) => -half(k), KERB_Y, colour);
    }
  }
  return triangles.geometry();
}

/** Turn of the road per metre at a point, positive to the left. */
function curvature({ tangent, points, spacing }: Track, i: number): number {
  const [a, b] = [2 * ((i - 3 + points) % points), 2 * ((i + 3) % points)];
  const cross = tangent[a]! * tangent[b + 1]! - tangent[a + 1]! * tangent[b]!;
  return Math.asin(Math.max(-1, Math.min(1, cross))) / (6 * spacing);
}

/** Ground under everything, far beyond the fog, with broad facets in two tones so that it is no plain sheet. */
export function groundGeometry(track: Track, palette: Palette): BufferGeometry {
  const triangles = new Triangles();
  const step = 1.6;
  const [wide, deep] = [track.columns * 0.04, track.rows * 0.04];
  const tones = [palette.ground, palette.ground.clone().lerp(palette.verge, 0.5), palette.verge];
  for (let x = -14; x < wide + 14; x += step) {
    for (let y = -14; y < deep + 14; y += step) {
      const corners = [at(x, y, GROUND_Y), at(x + step, y, GROUND_Y), at(x + step, y + step, GROUND_Y), at(x, y + step, GROUND_Y)] as const;
      const mixed = Math.abs(Math.round(x * 7.3 + y * 13.7) ^ Math.round(x * 3.1 - y * 5.9)) % 7;
      const tone = (n: number) => tones[n < 3 ? 0 : n < 5 ? 1 : 2]!;
      triangles.triangle(corners[0], corners[1], corners[2], tone(mixed));
      triangles.triangle(corners[0], corners[2], corners[3], tone((mixed + 3) % 7));
    }
  }
  return triangles.geometry();
}
