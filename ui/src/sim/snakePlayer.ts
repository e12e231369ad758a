/** Observation and network together: what the model does in a game of Snake, and what it saw. */
import type { Policy } from "./policy";
import type { SnakeGame, Turn } from "./snake";

export class SnakePlayer {
  /** what it looked at last: thirteen features, with the sensor `grid` also the window; see envs/snake/sight */
  readonly vector: Float32Array;

  /** Throws RangeError when the policy sees no boards. */
  constructor(readonly policy: Policy) {
    const { kind } = policy.sensor;
    if (kind !== "grid" && kind !== "features") throw new RangeError(`A policy of ${policy.environment} plays no Snake.`);
    this.vector = new Float32Array(policy.network.vector);
  }

  /** Look without deciding, so that the page can show what the model sees while a person plays. */
  look(game: SnakeGame): void {
    game.observe(this.vector);
  }

  /** Decide on what was looked at last. */
  act(): Turn {
    return Math.sign(Math.round(this.policy.act(this.vector, null)[0]!)) as Turn;
  }
}
