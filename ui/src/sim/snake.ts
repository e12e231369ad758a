/** Snake, rule for rule as `envs/snake`: same cells, same foods, same features; tests/vectors hold them together. */
import { mixed } from "./hashing";

export interface Board {
  width: number;
  height: number;
  startLength: number;
  /** A game ends after more than this many moves for each cell of the snake. */
  cap: number;
}

export const ARCADE: Board = { width: 32, height: 24, startLength: 3, cap: 100 };

export const TICKS_PER_S = 8;
/** Longest attempt of a campaign. */
export const MAX_TICKS = 160;

/** A position as the wire carries it: the snake's cells, the head first, and the numbers the rest follows from. */
export interface PlainGame {
  body: number[];
  heading: number;
  food: number;
  seed: number;
  eaten: number;
  steps: number;
}

/** A start as the wire carries it. Throws RangeError naming the field that is missing. */
export function plainGame(start: Record<string, unknown>): PlainGame {
  for (const field of ["body", "heading", "food", "seed", "eaten", "steps"]) {
    if (start[field] === undefined) throw new RangeError(`The start has no ${field}; reload the page.`);
  }
  return start as unknown as PlainGame;
}

/** 0 straight, 1 right, -1 left. */
export type Turn = -1 | 0 | 1;
export type Ending = "" | "wall" | "body" | "cap" | "full";

// Headings: 0 right, 1 down, 2 left, 3 up.
export const DX = [1, 0, -1, 0] as const;
export const DY = [0, 1, 0, -1] as const;
const TRIES = 4;
export const FEATURES = 13;
const REACH = 4;
/** Cells of a side of the window. */
export const SIDE = 2 * REACH + 1;
export const GRID = FEATURES + 3 * SIDE * SIDE;
const LONGEST = 64;
const SHOWN_HEADINGS = [2, 0, 3, 1] as const;

/** A number in [0, count) that follows from seed, foods eaten and attempt. */
export function drawn(seed: number, eaten: number, attempt: number, count: number): number {
  const word = mixed((mixed(seed ^ mixed(eaten + 1)) + attempt) | 0);
  return Math.imul(word >>> 16, count) >>> 16;
}

/** One game. Memory is allocated once; a move writes one cell. */
export class SnakeGame {
  readonly board: Board;
  readonly seed: number;
  heading = 0;
  head: number;
  length: number;
  food = 0;
  eaten = 0;
  steps = 0;
  ended: Ending = "";
  /** A cell is occupied where its stamp is above the clock, which stands still in moves that eat. */
  readonly #stamps: Int32Array;
  #clock = 0;

  constructor(board: Board, seed: number) {
    this.board = board;
    this.seed = seed >>> 0;
    this.#stamps = new Int32Array(board.width * board.height);
    this.head = (board.height >> 1) * board.width + (board.width >> 1);
    this.length = board.startLength;
    for (let place = 0; place < this.length; place += 1) this.#stamps[this.head - place] = this.length - place;
    this.food = this.#nextFood();
  }

  /** A game in the position `plain`; twin of `from_plain` of the Python task. */
  static at(board: Board, plain: PlainGame): SnakeGame {
    const game = new SnakeGame(board, plain.seed);
    const { body, heading, food, eaten, steps } = plain;
    game.#stamps.fill(0);
    body.forEach((cell, place) => (game.#stamps[cell] = body.length - place));
    game.head = body[0] as number;
    game.length = body.length;
    Object.assign(game, { heading, food, eaten, steps });
    return game;
  }

  /** A game at the same place that goes its own way from here. */
  copy(): SnakeGame {
    const twin = new SnakeGame(this.board, this.seed);
    const { heading, head, length, food, eaten, steps, ended } = this;
    twin.#stamps.set(this.#stamps);
    twin.#clock = this.#clock;
    return Object.assign(twin, { heading, head, length, food, eaten, steps, ended });
  }

  /** Final state as an attempt reports it. */
  get final(): Record<string, number> {
    const { head, heading, length, food, steps } = this;
    return { head, heading, length, food, steps };
  }

  /** Whether it ended before the board was full. */
  get died(): boolean {
    return this.ended !== "" && this.ended !== "full";
  }

  /** Moves until a cell is free; 0 where it is. The head has the most. */
  remaining(cell: number): number {
    return Math.max(0, (this.#stamps[cell] as number) - this.#clock);
  }

  /** Cell ahead after a turn, -1 for the wall. */
  neighbour(turn: Turn): number {
    const heading = (this.heading + turn + 4) % 4;
    const column = (this.head % this.board.width) + (DX[heading] as number);
    const row = Math.floor(this.head / this.board.width) + (DY[heading] as number);
    const inside = column >= 0 && column < this.board.width && row >= 0 && row < this.board.height;
    return inside ? row * this.board.width + column : -1;
  }

  /** Whether a turn ends the game at once; the tail still lies where it is while the head moves. */
  deadly(turn: Turn): boolean {
    const cell = this.neighbour(turn);
    return cell < 0 || this.remaining(cell) > 0;
  }

  /** One move; returns whether the snake ate. A game that has ended stays as it is. */
  move(turn: Turn): boolean {
    if (this.ended) return false;
    const cell = this.neighbour(turn);
    this.steps += 1;
    if (cell < 0 || this.remaining(cell) > 0) {
      this.ended = cell < 0 ? "wall" : "body";
      return false;
    }
    const ate = cell === this.food;
    if (ate) {
      this.length += 1;
      this.eaten += 1;
    } else {
      this.#clock += 1;
    }
    this.heading = (this.heading + turn + 4) % 4;
    this.head = cell;
    this.#stamps[cell] = this.#clock + this.length;
    if (ate && this.length === this.#stamps.length) this.ended = "full";
    else if (ate) this.food = this.#nextFood();
    if (!this.ended && this.steps > this.board.cap * this.length) this.ended = "cap";
    return ate;
  }

  /** Writes the thirteen features, and the window as well if `into` has room for it; see envs/snake/sight. */
  observe(into: Float32Array): void {
    const { width, height } = this.board;
    const column = this.head % width;
    const row = Math.floor(this.head / width);
    const right = (this.food % width) - column;
    const down = Math.floor(this.food / width) - row;
    let at = 0;
    for (const turn of [0, 1, -1] as const) into[at++] = Number(this.deadly(turn));
    for (const heading of SHOWN_HEADINGS) into[at++] = Number(this.heading === heading);
    into[at++] = Number(right < 0);
    into[at++] = Number(right > 0);
    into[at++] = Number(down < 0);
    into[at++] = Number(down > 0);
    into[at++] = Math.atan2(down, right) / (2 * Math.PI);
    into[at++] = Math.hypot(right, down) / Math.hypot(width, height);
    if (into.length >= GRID) this.#window(into, column, row);
  }

  #window(into: Float32Array, column: number, row: number): void {
    const { width, height } = this.board;
    const aside = (this.heading + 1) % 4;
    for (let place = 0; place < SIDE * SIDE; place += 1) {
      const ahead = REACH - Math.floor(place / SIDE);
      const across = (place % SIDE) - REACH;
      const x = column + ahead * (DX[this.heading] as number) + across * (DX[aside] as number);
      const y = row + ahead * (DY[this.heading] as number) + across * (DY[aside] as number);
      const inside = x >= 0 && x < width && y >= 0 && y < height;
      const cell = y * width + x;
      const lasts = inside ? Math.min(this.remaining(cell), LONGEST) / LONGEST : 1;
      into[FEATURES + place] = Number(lasts > 0);
      into[FEATURES + SIDE * SIDE + place] = lasts;
      into[FEATURES + 2 * SIDE * SIDE + place] = Number(inside && cell === this.food);
    }
  }

  #nextFood(): number {
    const cells = this.#stamps.length;
    for (let attempt = 0; attempt < TRIES; attempt += 1) {
      const cell = drawn(this.seed, this.eaten, attempt, cells);
      if (this.remaining(cell) === 0) return cell;
    }
    let rank = drawn(this.seed, this.eaten, TRIES, cells - this.length);
    for (let cell = 0; cell < cells; cell += 1) {
      if (this.remaining(cell) > 0) continue;
      if (rank === 0) return cell;
      rank -= 1;
    }
    throw new Error("A full board has no room for food.");
  }
}
