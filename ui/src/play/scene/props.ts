/** What stands and lies about: boxes, wet patches, trees, soft shadows. */
import { BufferGeometry, Float32BufferAttribute, type Color } from "three";
import type { State } from "../../sim/rules";
import { uniform } from "../../sim/fresh";
import { BOX_HALF_M, type Half } from "../../sim/sensors";
import { CELL_M, type Track } from "../../sim/track";
import { Triangles, type Point } from "./mesh";
import type { Palette } from "./palette";
import { at } from "./road";

const BOX_HEIGHT_M = 0.2;

export function boxGeometry(boxes: Float32Array, palette: Palette, half: Half = [BOX_HALF_M, BOX_HALF_M]): BufferGeometry {
  const triangles = new Triangles();
  const band = palette.box.clone().lerp(palette.boxTop, 0.6);
  for (let i = 0; i < boxes.length; i += 4) {
    const [x, y, c, s] = [boxes[i]!, boxes[i + 1]!, boxes[i + 2]!, boxes[i + 3]!];
    if (x < 0) continue; // left out by the conditions
    const corner = (ahead: number, aside: number, up: number): Point => at(x + c * ahead - s * aside, y + s * ahead + c * aside, up);
    const [far, wide] = half;
    const ring = (up: number): Point[] => [corner(-far, wide, up), corner(-far, -wide, up), corner(far, -wide, up), corner(far, wide, up)];
    const [foot, lid] = [ring(0), ring(BOX_HEIGHT_M)];
    for (let edge = 0; edge < 4; edge++) {
      const next = (edge + 1) % 4;
      triangles.quad(foot[edge]!, foot[next]!, lid[next]!, lid[edge]!, edge % 2 ? palette.box : band);
    }
    triangles.quad(lid[0]!, lid[1]!, lid[2]!, lid[3]!, palette.boxTop);
    const [a, b] = [corner(-far, 0.022, BOX_HEIGHT_M + 0.002), corner(-far, -0.022, BOX_HEIGHT_M + 0.002)];
    const [e, g] = [corner(far, -0.022, BOX_HEIGHT_M + 0.002), corner(far, 0.022, BOX_HEIGHT_M + 0.002)];
    triangles.quad(a, b, e, g, palette.paint);
  }
  return triangles.geometry();
}

function onRoad(track: Track, x: number, y: number): boolean {
  return clearance(track, x, y) > 0;
}

/** The grid's byte at a point: signed distance to the edge in units of 5 mm. */
function clearance(track: Track, x: number, y: number): number {
  const [ix, iy] = [Math.floor(x / CELL_M), Math.floor(y / CELL_M)];
  if (ix < 0 || iy < 0 || ix >= track.columns || iy >= track.rows) return -127;
  return track.grid[ix * track.rows + iy]!;
}

/** Wet discs, cut off where the road ends. */
export function patchGeometry(track: Track, patches: State["patches"], colour: Color): BufferGeometry {
  const triangles = new Triangles();
  const spokes = 40;
  for (let i = 0; i < patches.length; i += 4) {
    const [x, y, radius, grip] = [patches[i]!, patches[i + 1]!, patches[i + 2]!, patches[i + 3]!];
    if (grip >= 1) continue;
    const rim = Array.from({ length: spokes }, (_, spoke) => {
      const angle = (2 * Math.PI * spoke) / spokes;
      let reach = radius;
      while (reach > 0.05 && !onRoad(track, x + reach * Math.cos(angle), y + reach * Math.sin(angle))) reach -= 0.02;
      return at(x + reach * Math.cos(angle), y + reach * Math.sin(angle), 0.008);
    });
    rim.forEach((point, spoke) => triangles.triangle(at(x, y, 0.008), point, rim[(spoke + 1) % spokes]!, colour));
  }
  return triangles.geometry();
}

/** Low trees beside the road; their places depend on nothing but the track. */
export function treeGeometry(track: Track, palette: Palette): BufferGeometry {
  const triangles = new Triangles();
  const draw = uniform([...track.id].reduce((sum, letter) => Math.imul(sum, 31) + letter.charCodeAt(0), 7));
  const dark = palette.leaf.clone().lerp(palette.trunk, 0.25);
  for (let planted = 0, tries = 0; planted < 150 && tries < 1500; tries++) {
    const x = (draw() * 1.5 - 0.25) * track.columns * CELL_M;
    const y = (draw() * 1.5 - 0.25) * track.rows * CELL_M;
    const [size, lean] = [0.7 + 0.8 * draw(), draw() * Math.PI];
    if (clearance(track, x, y) > -100) continue;
    planted += 1;
    cone(triangles, x, y, 0, 0.1 * size, 0.035 * size, lean, palette.trunk, palette.trunk);
    cone(triangles, x, y, 0.07 * size, 0.5 * size, 0.17 * size, lean, palette.leaf, dark);
    cone(triangles, x, y, 0.26 * size, 0.66 * size, 0.12 * size, lean + 0.5, palette.leaf, dark);
  }
  return triangles.geometry();
}

function cone(into: Triangles, x: number, y: number, low: number, high: number, radius: number, lean: number, lit: Color, dark: Color): void {
  const sides = 5;
  const rim = (side: number): Point => {
    const angle = lean + (2 * Math.PI * side) / sides;
    return at(x + radius * Math.cos(angle), y + radius * Math.sin(angle), low);
  };
  for (let side = 0; side < sides; side++) into.triangle(rim(side), rim(side + 1), at(x, y, high), side % 2 ? lit : dark);
}

/** A disc whose alpha falls towards the rim, as a shadow that needs no light. */
export function shadowGeometry(colour: Color, long: number, wide: number): BufferGeometry {
  const [positions, colours]: [number[], number[]] = [[], []];
  const spokes = 16;
  const put = (point: Point, alpha: number): void => {
    positions.push(...point);
    colours.push(colour.r, colour.g, colour.b, alpha);
  };
  for (let spoke = 0; spoke < spokes; spoke++) {
    const [a, b] = [(2 * Math.PI * spoke) / spokes, (2 * Math.PI * (spoke + 1)) / spokes];
    put(at(0, 0, 0), 0.55);
    put(at(long * Math.cos(a), wide * Math.sin(a), 0), 0);
    put(at(long * Math.cos(b), wide * Math.sin(b), 0), 0);
  }
  const geometry = new BufferGeometry();
  geometry.setAttribute("position", new Float32BufferAttribute(positions, 3));
  geometry.setAttribute("color", new Float32BufferAttribute(colours, 4));
  return geometry;
}
