/** A recorded game played again from its seed, to any of its moves. */
import { SnakeGame, type Board, type Turn } from "../sim/snake";

const TURNS: Record<string, Turn> = { S: 0, R: 1, L: -1 };

export class Replay {
  game: SnakeGame;

  constructor(
    readonly board: Board,
    readonly seed: number,
    /** one letter a move: S straight, R right, L left */
    readonly moves: string,
  ) {
    this.game = new SnakeGame(board, seed);
  }

  get length(): number {
    return this.moves.length;
  }

  /** Stand after this many moves; backwards means once more from the start. */
  seek(moves: number): void {
    const wanted = Math.min(Math.max(0, Math.floor(moves)), this.length);
    if (wanted < this.game.steps) this.game = new SnakeGame(this.board, this.seed);
    while (this.game.steps < wanted && !this.game.ended) this.game.move(TURNS[this.moves.charAt(this.game.steps)] ?? 0);
  }
}
