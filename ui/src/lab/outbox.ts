/** Games of experiments that are not yet with the server. */
import { api } from "../lib/api";
import { Outbox } from "../lib/outbox";
import type { Experiment, GameCreate } from "./wire";

interface Game {
  experiment: string;
  game: GameCreate;
}

export const games = new Outbox<Game, Experiment>("manyhands.games", (_, { experiment, game }) => api.recordGame(experiment, game));

/** One game of one experiment; kept again, it is the same one grown longer. */
export const gameId = (experiment: string, number: number): string => `${experiment}/${number}`;
