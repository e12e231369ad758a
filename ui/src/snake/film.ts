/** Games computed in the page for replays: an attempt as it was recorded, and the model alone from any move of it. */
import { MAX_TICKS, type SnakeGame } from "../sim/snake";
import type { SnakePlayer } from "../sim/snakePlayer";
import type { Who } from "./draw";
import { Replay } from "./replay";

interface Scene {
  /** tick of the common clock at which it begins */
  from: number;
  replay: Replay;
}

interface Record {
  actions: Int8Array;
  drove: Uint8Array;
}

/** Turns that the model makes alone for at most `most` moves. */
function turnsAlone(player: SnakePlayer, start: SnakeGame, most: number): Int8Array {
  const game = start.copy();
  const turns = new Int8Array(most);
  let moves = 0;
  while (moves < most && !game.ended) {
    player.look(game);
    const turn = player.act();
    turns[moves++] = turn;
    game.move(turn);
  }
  return turns.slice(0, moves);
}

/** One board over the clock: scenes, of which each is shown until the next begins. */
export class Film {
  constructor(
    readonly scenes: Scene[],
    /** who moves the snake at a tick */
    readonly who: (tick: number) => Who,
  ) {}

  static recorded(start: SnakeGame, { actions, drove }: Record): Film {
    const replay = new Replay(() => start.copy(), actions);
    return new Film([{ from: 0, replay }], (tick) => (drove[Math.min(Math.floor(tick), drove.length - 1)] === 1 ? "hand" : "model"));
  }

  static played(start: SnakeGame, player: SnakePlayer, most: number): Film {
    return new Film([{ from: 0, replay: new Replay(() => start.copy(), turnsAlone(player, start, most)) }], () => "model");
  }

  /** The same until the first mark, and from each mark the model alone. */
  alone(player: SnakePlayer, marks: readonly number[]): Film {
    const { replay } = this.scenes[0]!;
    const scenes = marks.map((mark): Scene => {
      replay.seek(mark);
      const start = replay.game.copy();
      return { from: mark, replay: new Replay(() => start.copy(), turnsAlone(player, start, MAX_TICKS - mark)) };
    });
    return new Film([...(marks[0] === 0 ? [] : [{ from: 0, replay: new Replay(replay.begin, replay.turns) }]), ...scenes], () => "model");
  }

  /** Tick after which the last scene moves no more. */
  get length(): number {
    const { from, replay } = this.scenes.at(-1)!;
    return from + replay.length;
  }

  #scene(tick: number): Scene {
    return this.scenes.findLast(({ from }) => from <= tick) ?? this.scenes[0]!;
  }

  /** Tick at which what is shown at `tick` comes to its end. */
  end(tick: number): number {
    const { from, replay } = this.#scene(tick);
    return from + replay.length;
  }

  /** The game as it stands at a tick; the same object moves on. */
  at(tick: number): SnakeGame {
    const { from, replay } = this.#scene(tick);
    replay.seek(tick - from);
    return replay.game;
  }
}
