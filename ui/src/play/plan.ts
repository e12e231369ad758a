/** The road from above, for the minimap and the small windows of the front page. */
import type { State } from "../sim/rules";
import type { Track } from "../sim/track";

export interface Colours {
  road: string;
  edge: string;
  box: string;
}

/** Maps metres to pixels so that the whole road fits, y upwards. */
export class Plan {
  readonly scale: number;
  readonly #left: number;
  readonly #bottom: number;
  readonly #height: number;

  constructor(readonly track: Track, width: number, height: number, margin: number) {
    let [x0, x1, y0, y1] = [Infinity, -Infinity, Infinity, -Infinity];
    for (let i = 0; i < track.points; i++) {
      const half = track.halfWidth[i]!;
      x0 = Math.min(x0, track.centre[2 * i]! - half);
      x1 = Math.max(x1, track.centre[2 * i]! + half);
      y0 = Math.min(y0, track.centre[2 * i + 1]! - half);
      y1 = Math.max(y1, track.centre[2 * i + 1]! + half);
    }
    this.scale = Math.min((width - 2 * margin) / (x1 - x0), (height - 2 * margin) / (y1 - y0));
    this.#left = (width - this.scale * (x1 - x0)) / 2 - this.scale * x0;
    this.#bottom = (height - this.scale * (y1 - y0)) / 2 - this.scale * y0;
    this.#height = height;
  }

  x(metres: number): number {
    return this.#left + this.scale * metres;
  }

  y(metres: number): number {
    return this.#height - this.#bottom - this.scale * metres;
  }

  /** The road with its boxes; drawn once and kept by the caller. */
  draw(context: CanvasRenderingContext2D, boxes: State["boxes"] | null, colours: Colours): void {
    const { track } = this;
    context.lineJoin = context.lineCap = "round";
    for (const [extra, colour] of [[0.06, colours.edge], [0, colours.road]] as const) {
      context.strokeStyle = colour;
      for (let i = 0; i < track.points; i++) {
        const next = (i + 1) % track.points;
        context.lineWidth = 2 * this.scale * (track.halfWidth[i]! + extra);
        context.beginPath();
        context.moveTo(this.x(track.centre[2 * i]!), this.y(track.centre[2 * i + 1]!));
        context.lineTo(this.x(track.centre[2 * next]!), this.y(track.centre[2 * next + 1]!));
        context.stroke();
      }
    }
    if (!boxes) return;
    context.fillStyle = colours.box;
    const half = Math.max(1.5, 0.14 * this.scale);
    for (let i = 0; i < boxes.length; i += 4) context.fillRect(this.x(boxes[i]!) - half, this.y(boxes[i + 1]!) - half, 2 * half, 2 * half);
  }

  /** A car as an arrowhead of `size` pixels. */
  car(context: CanvasRenderingContext2D, x: number, y: number, c: number, s: number, size: number): void {
    const [px, py] = [this.x(x), this.y(y)];
    context.beginPath();
    context.moveTo(px + size * c, py - size * s);
    context.lineTo(px - 0.7 * size * c - 0.65 * size * s, py + 0.7 * size * s - 0.65 * size * c);
    context.lineTo(px - 0.7 * size * c + 0.65 * size * s, py + 0.7 * size * s + 0.65 * size * c);
    context.closePath();
    context.fill();
  }
}
