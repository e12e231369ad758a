/** An attempt at Snake as it happens: the game, the model and the record of who did what at every tick. */
import { Attempt } from "../play/attempt";
import { MAX_TICKS, TICKS_PER_S, type SnakeGame, type Turn } from "../sim/snake";
import type { SnakePlayer } from "../sim/snakePlayer";

/** int8 of a turn, as the simulator executes and the record stores it. */
const FULL = 127;

export class SnakeAttempt extends Attempt {
  readonly game: SnakeGame;
  /** foods eaten since it began */
  eaten = 0;

  constructor(
    readonly player: SnakePlayer,
    start: SnakeGame,
    maxTicks = MAX_TICKS,
  ) {
    super(TICKS_PER_S, maxTicks, 1);
    this.game = start.copy();
    player.look(this.game);
  }

  protected get final(): Record<string, number> {
    return this.game.final;
  }

  /** One move: the person's turn if there is one, else the model's. */
  tick(hands: Turn | null): void {
    if (this.ended) return;
    const began = performance.now();
    const turn = hands ?? this.player.act();
    const ate = this.game.move(turn);
    if (ate) this.eaten += 1;
    this.log([FULL * turn], hands !== null, Number(ate) - Number(this.game.died), this.game.ended !== "");
    this.player.look(this.game);
    this.tick_ms = performance.now() - began;
  }
}
