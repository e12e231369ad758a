/** A replay on boards side by side, one for each way the game went. */
import type { Wire } from "../lib/api";
import { count, seconds } from "../lib/format";
import { loadPlayer } from "../play/assets";
import { LINGER_S, type Comparison, type Recorded } from "../play/compare";
import { MAX_TICKS, plainGame, SnakeGame, TICKS_PER_S, type Board } from "../sim/snake";
import { boardOf } from "../sim/snakeFresh";
import { Film } from "./film";

export interface BoardPicture {
  kind: "board";
  board: Board;
  films: Film[];
}

export async function compareBoard(replay: Wire<"AttemptReplay">, attempt: Recorded, after: string | null): Promise<Comparison> {
  const board = boardOf(replay.config);
  const start = SnakeGame.at(board, plainGame(replay.start));
  const own = Film.recorded(start, attempt);
  const before = await loadPlayer(replay.champion_before);
  const films =
    after === null
      ? [own, own.alone(before, attempt.marks)]
      : [Film.played(start, before, MAX_TICKS), Film.played(start, await loadPlayer(after), MAX_TICKS), own];
  const longest = Math.max(...films.map((film) => film.length));
  return {
    picture: { kind: "board", board, films },
    length: Math.min(MAX_TICKS, longest + LINGER_S * TICKS_PER_S),
    told(view, clock) {
      const film = films[view]!;
      const game = film.at(clock);
      const eaten = count(game.eaten - start.eaten, "food");
      return clock >= film.end(clock) && game.died ? `${eaten}, died after ${seconds(film.end(clock) / TICKS_PER_S)}` : eaten;
    },
  };
}
