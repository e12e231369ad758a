/** A recorded game played again from its beginning, to any of its moves. */
import type { SnakeGame, Turn } from "../sim/snake";

const TURNS: Record<string, Turn> = { S: 0, R: 1, L: -1 };

/** Turns of the moves of a record, one letter each: S straight, R right, L left. */
export const turnsOf = (moves: string): Int8Array => Int8Array.from(moves, (letter) => TURNS[letter] ?? 0);

export class Replay {
  game: SnakeGame;
  readonly #first: number;

  constructor(
    readonly begin: () => SnakeGame,
    /** of every move the sign of its turn: int8 as attempts store it, or `Turn` */
    readonly turns: Int8Array,
  ) {
    this.game = begin();
    this.#first = this.game.steps;
  }

  get length(): number {
    return this.turns.length;
  }

  /** Moves made so far. */
  get at(): number {
    return this.game.steps - this.#first;
  }

  /** Stand after this many moves; backwards means once more from the start. */
  seek(moves: number): void {
    const wanted = Math.min(Math.max(0, Math.floor(moves)), this.length);
    if (wanted < this.at) this.game = this.begin();
    while (this.at < wanted && !this.game.ended) this.game.move(Math.sign(this.turns[this.at]!) as Turn);
  }
}
