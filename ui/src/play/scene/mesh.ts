/** Coloured triangles collected by hand: one buffer, one draw call, flat shades. */
import { BufferGeometry, Float32BufferAttribute, type Color } from "three";

export type Point = readonly [number, number, number];

export class Triangles {
  readonly #positions: number[] = [];
  readonly #colours: number[] = [];

  triangle(a: Point, b: Point, c: Point, colour: Color): void {
    this.#positions.push(...a, ...b, ...c);
    for (let corner = 0; corner < 3; corner++) this.#colours.push(colour.r, colour.g, colour.b);
  }

  /** Corners counter-clockwise as seen from outside. */
  quad(a: Point, b: Point, c: Point, d: Point, colour: Color): void {
    this.triangle(a, b, c, colour);
    this.triangle(a, c, d, colour);
  }

  /** A box between two corners whose top may be narrower: `taper` shortens it by that much on each side. */
  block(low: Point, high: Point, side: Color, top: Color, taper: readonly [number, number] = [0, 0]): void {
    const [x0, y0, z0] = low;
    const [x1, y1, z1] = high;
    const [tx, tz] = taper;
    const bottom: Point[] = [[x0, y0, z1], [x1, y0, z1], [x1, y0, z0], [x0, y0, z0]];
    const lid: Point[] = [[x0 + tx, y1, z1 - tz], [x1 - tx, y1, z1 - tz], [x1 - tx, y1, z0 + tz], [x0 + tx, y1, z0 + tz]];
    for (let edge = 0; edge < 4; edge++) {
      const next = (edge + 1) % 4;
      this.quad(bottom[edge]!, bottom[next]!, lid[next]!, lid[edge]!, side);
    }
    this.quad(lid[0]!, lid[1]!, lid[2]!, lid[3]!, top);
  }

  geometry(): BufferGeometry {
    const geometry = new BufferGeometry();
    geometry.setAttribute("position", new Float32BufferAttribute(this.#positions, 3));
    geometry.setAttribute("color", new Float32BufferAttribute(this.#colours, 3));
    geometry.computeVertexNormals();
    return geometry;
  }
}
