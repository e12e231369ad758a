/** At a board of Snake. */
import type { Wire } from "../lib/api";
import { loadPlayer } from "../play/assets";
import type { Seat } from "../play/seat";
import { plainGame, SnakeGame } from "../sim/snake";
import { boardOf } from "../sim/snakeFresh";
import { SnakeAttempt } from "./attempt";
import { Takeover } from "./takeover";

export class BoardSeat implements Seat {
  readonly hands = new Takeover();
  #attempt: SnakeAttempt | null = null;

  async lay(assignment: Wire<"Assignment">): Promise<SnakeAttempt> {
    const player = await loadPlayer(assignment.champion_cid);
    const start = SnakeGame.at(boardOf(assignment.config), plainGame(assignment.start));
    this.#attempt = new SnakeAttempt(player, start, assignment.max_ticks);
    this.hands.heading = start.heading;
    return this.#attempt;
  }

  advance(clock_ms: number): boolean {
    const attempt = this.#attempt!;
    const turn = this.hands.take(clock_ms);
    attempt.tick(turn);
    this.hands.heading = attempt.game.heading;
    return turn !== null;
  }
}
