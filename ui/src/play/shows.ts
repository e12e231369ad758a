/** A champion from a fresh start, computed in the page: for watching, never for play. */
import type { Wire } from "../lib/api";
import type { SnakePlayer } from "../sim/snakePlayer";
import { conditionsOf, freshStart } from "../sim/fresh";
import type { Driver } from "../sim/driver";
import { copyState, MAX_TICKS, Racer, type State } from "../sim/rules";
import * as snake from "../sim/snake";
import { freshGame } from "../sim/snakeFresh";
import { Film } from "../snake/film";
import { loadDriver, loadPlayer, loadTrack } from "./assets";
import { alone, type Actor } from "./runs";

type Campaign = Pick<Wire<"Campaign">, "environment" | "config">;

export interface RoadShow {
  kind: "road";
  actor: Actor;
  racer: Racer;
  start: State;
  driver: Driver;
  /** what the eye is pointed at for the inset picture */
  looking: State;
  length: number;
}

export interface BoardShow {
  kind: "board";
  film: Film;
  board: snake.Board;
  /** foods eaten before it began */
  began: number;
  player: SnakePlayer;
  length: number;
}

export type Show = RoadShow | BoardShow;

/** Roads that no assignment and no gate uses. */
const FIRST_ROAD = 2000;
const ROADS = 32;
export const freshRoad = (seed: number): string => `gen-${FIRST_ROAD + (seed % ROADS)}`;

/** Throws Problem when something cannot be fetched. */
export async function show({ environment, config }: Campaign, cid: string, seed: number): Promise<Show> {
  if (environment === "snake-v0") {
    const player = await loadPlayer(cid);
    const start = freshGame(config, seed);
    const film = Film.played(start, player, snake.MAX_TICKS);
    return { kind: "board", film, board: start.board, began: start.eaten, player, length: film.length };
  }
  const [track, driver] = await Promise.all([loadTrack(freshRoad(seed)), loadDriver(cid)]);
  const conditions = conditionsOf(config);
  const racer = new Racer(track, conditions.car);
  const start = freshStart(track, conditions, seed);
  const run = alone(racer, driver, start, MAX_TICKS);
  const actor: Actor = { run, trim: () => "model", ghost: false, views: [0] };
  return { kind: "road", actor, racer, start, driver, looking: copyState(start), length: run.ticks };
}
