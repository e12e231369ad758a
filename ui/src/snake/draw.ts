/** A board on a canvas: whole device pixels, and only the cells that look different from before are painted. */
import { colour } from "../lib/theme.svelte";
import { DX, DY, type Board, type SnakeGame } from "../sim/snake";
import { BODY, DEAD, EMPTY, FOOD, HEAD, looks } from "./looks";

/** Blue is the model, orange a person. */
export type Who = "model" | "hand";

/** No look at all. */
const UNKNOWN = 255;

interface Colours {
  board: string;
  check: string;
  food: string;
  eye: string;
  dead: string;
  model: string;
  hand: string;
}

export class BoardView {
  readonly #pen: CanvasRenderingContext2D;
  readonly #wanted: Uint8Array;
  readonly #shown: Uint8Array;
  #colours: Colours | null = null;
  #who: Who = "model";
  /** device pixels of a cell's side */
  #side = 0;

  /** Throws Error where the browser offers no canvas. */
  constructor(
    readonly canvas: HTMLCanvasElement,
    readonly board: Board,
  ) {
    const pen = canvas.getContext("2d", { alpha: false });
    if (!pen) throw new Error("This browser cannot draw the board.");
    this.#pen = pen;
    this.#wanted = new Uint8Array(board.width * board.height);
    this.#shown = new Uint8Array(board.width * board.height).fill(UNKNOWN);
  }

  /** Take as much of a box, CSS pixels, as whole device pixels for a cell allow. Returns how much, CSS pixels. */
  fit(width: number, height: number): { width: number; height: number } {
    const ratio = devicePixelRatio;
    const side = Math.max(2, Math.floor(Math.min((width * ratio) / this.board.width, (height * ratio) / this.board.height)));
    if (side !== this.#side) {
      this.#side = side;
      this.canvas.width = side * this.board.width;
      this.canvas.height = side * this.board.height;
      this.#shown.fill(UNKNOWN);
    }
    return { width: this.canvas.width / ratio, height: this.canvas.height / ratio };
  }

  /** The theme changed. */
  recolour(): void {
    this.#colours = null;
    this.#shown.fill(UNKNOWN);
  }

  show(game: SnakeGame, who: Who): void {
    if (this.#side === 0) return;
    if (who !== this.#who) this.#forgetSnake();
    this.#who = who;
    looks(game, this.#wanted);
    for (let cell = 0; cell < this.#wanted.length; cell += 1) {
      const look = this.#wanted[cell] as number;
      if (look === this.#shown[cell]) continue;
      this.#paint(cell, look);
      this.#shown[cell] = look;
    }
  }

  /** It changed hands, so every cell of it has another colour. */
  #forgetSnake(): void {
    for (let cell = 0; cell < this.#shown.length; cell += 1) {
      if ((this.#shown[cell] as number) >= BODY) this.#shown[cell] = UNKNOWN;
    }
  }

  #paint(cell: number, look: number): void {
    const colours = (this.#colours ??= {
      board: colour("board"),
      check: colour("board-check"),
      food: colour("board-food"),
      eye: colour("board-eye"),
      dead: colour("bad"),
      model: colour("accent-shape"),
      hand: colour("hand-shape"),
    });
    const [pen, side] = [this.#pen, this.#side];
    const column = cell % this.board.width;
    const row = (cell - column) / this.board.width;
    const x = column * side;
    const y = row * side;
    pen.fillStyle = (column + row) % 2 === 0 ? colours.board : colours.check;
    pen.fillRect(x, y, side, side);
    if (look === EMPTY) return;
    if (look === FOOD) {
      pen.fillStyle = colours.food;
      pen.beginPath();
      pen.arc(x + side / 2, y + side / 2, side * 0.34, 0, 2 * Math.PI);
      pen.fill();
      return;
    }
    const isHead = look >= HEAD;
    pen.fillStyle = look >= DEAD ? colours.dead : colours[this.#who];
    this.#segment(x, y, isHead ? (look & 63) >> 2 : look & 15, isHead);
    if (isHead) this.#eyes(x, y, look & 3, colours.eye);
  }

  /** A rounded cell, filled up to the edge on the sides where the body goes on. */
  #segment(x: number, y: number, joints: number, isHead: boolean): void {
    const [pen, side] = [this.#pen, this.#side];
    const gap = Math.max(1, Math.round(side * (isHead ? 0.04 : 0.1)));
    const inner = Math.max(1, side - 2 * gap);
    const half = Math.ceil(side / 2);
    pen.beginPath();
    pen.roundRect(x + gap, y + gap, inner, inner, inner * 0.3);
    pen.fill();
    const join = Math.max(1, Math.round(side * 0.1));
    const wide = Math.max(1, side - 2 * join);
    if (joints & 1) pen.fillRect(x + side - half, y + join, half, wide);
    if (joints & 2) pen.fillRect(x + join, y + side - half, wide, half);
    if (joints & 4) pen.fillRect(x, y + join, half, wide);
    if (joints & 8) pen.fillRect(x + join, y, wide, half);
  }

  #eyes(x: number, y: number, heading: number, eye: string): void {
    const [pen, side] = [this.#pen, this.#side];
    const size = Math.max(1, Math.round(side * 0.16));
    const forward = side * 0.16;
    const aside = side * 0.2;
    const [dx, dy] = [DX[heading] as number, DY[heading] as number];
    pen.fillStyle = eye;
    for (let one = -1; one <= 1; one += 2) {
      const left = Math.round(x + side / 2 + dx * forward - dy * aside * one - size / 2);
      const top = Math.round(y + side / 2 + dy * forward + dx * aside * one - size / 2);
      pen.fillRect(left, top, size, size);
    }
  }
}
