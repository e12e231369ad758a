/**
 * A fresh position in the middle of a game, drawn in the page from a seed: for watching, never for play.
 *
 * By the rules of `envs/snake/middle.py`: a snake grows along a walk that prefers to go straight on.
 */
import { uniform } from "./fresh";
import { SnakeGame, type Board, type Turn } from "./snake";

/** Chance of a step of the walk to prefer no turn. */
const STRAIGHT = 0.8;
/** Longest snake where a campaign's configuration says nothing. */
const LONGEST = 96;

interface Conditions {
  width: number;
  height: number;
  start_length: number;
  cap: number;
  longest: number;
}
const CONDITIONS: Conditions = { width: 32, height: 24, start_length: 3, cap: 100, longest: LONGEST };

const conditionsOf = (config: Record<string, unknown>): Conditions => ({ ...CONDITIONS, ...(config.conditions as Partial<Conditions> | undefined) });

/** Board of a campaign's configuration, with the environment's defaults where it says nothing. */
export function boardOf(config: Record<string, unknown>): Board {
  const { width, height, start_length, cap } = conditionsOf(config);
  return { width, height, startLength: start_length, cap };
}

/** A position from which there is a way; where a seed leads into a corner, that of the next one. */
export function freshGame(config: Record<string, unknown>, seed: number): SnakeGame {
  const board = boardOf(config);
  const draw = uniform(seed);
  const game = new SnakeGame(board, seed);
  const wanted = board.startLength + Math.floor(draw() * (Math.max(conditionsOf(config).longest, board.startLength) - board.startLength + 1));
  const body = Array.from({ length: game.length }, (_, place) => game.head - place);
  const turns: Turn[] = [0, 1, -1];
  while (game.length < wanted) {
    const side: Turn = draw() < 0.5 ? 1 : -1;
    const order: Turn[] = draw() < STRAIGHT ? [0, side, -side as Turn] : [side, -side as Turn, 0];
    const turn = order.find((one) => !game.deadly(one));
    if (turn === undefined) break; // walled in
    game.food = game.neighbour(turn); // it eats at every move
    game.move(turn);
    body.unshift(game.head);
  }
  if (turns.every((turn) => game.deadly(turn))) return freshGame(config, seed + 1); // nothing could be watched
  const { heading, eaten, steps, food } = game;
  return SnakeGame.at(board, { body, heading, food, seed, eaten, steps });
}
