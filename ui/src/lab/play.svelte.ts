/** One person's games of an experiment: from the first key to the server's word, game after game. */
import { api } from "../lib/api";
import { asProblem, type Problem } from "../lib/problem";
import { SnakeGame, type Board, type Turn } from "../sim/snake";
import { Hands, type Direction } from "../snake/hands";
import { turnsOf } from "../snake/replay";
import { gameId, games } from "./outbox";
import { rulesOf } from "./rules";
import type { Experiment, GameCreate, NextGame } from "./wire";

/** `over`: the snake lies where it died, and the next game waits for a key. */
export type Phase = "ready" | "playing" | "paused" | "over" | "sending" | "done" | "left";

const LETTERS = { "-1": 76, "0": 83, "1": 82 } as const; // L, S, R
const REST_MS = 500;
const RETRY_MS = 4000;

export interface Watcher {
  /** the board looks different */
  onMove: () => void;
  onEat: () => void;
  onEnd: () => void;
  /** ticks begin or stop */
  onRun: (running: boolean) => void;
  /** the server took a game */
  onStored: (experiment: Experiment) => void;
}

export class Play {
  phase: Phase = $state("ready");
  score = $state(0);
  steps = $state(0);
  best = $state(0);
  /** steps that the server has */
  recorded = $state(0);
  problem: Problem | null = $state.raw(null);
  readonly board: Board;
  /** whether games begin where the agent came to */
  readonly takeovers: boolean;
  game: SnakeGame;
  readonly #id: string;
  readonly #wanted: number;
  readonly #hands = new Hands();
  /** Letters of the present game; the only thing that grows while playing, and it never grows beyond this. */
  readonly #moves: Uint8Array;
  readonly #letters = new TextDecoder("ascii");
  #next: NextGame | null;
  #number = 0;
  /** moves and foods of the game on the board that were the agent's, and moves that may be a person's */
  #lead = { steps: 0, eaten: 0, most: Infinity };
  #rested = true;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #closed = false;

  constructor(experiment: Experiment, readonly watcher: Watcher) {
    this.board = rulesOf(experiment.board);
    this.takeovers = experiment.takeovers;
    this.#id = experiment.id;
    this.#wanted = experiment.wanted;
    this.#moves = new Uint8Array(experiment.wanted);
    this.#next = experiment.next_game;
    this.recorded = experiment.observations;
    this.best = experiment.best;
    this.game = this.#begun(this.#next);
    this.phase = this.#next ? "ready" : "done";
  }

  /** Number of the game on the board, 0 before the first key. */
  get number(): number {
    return this.#number;
  }

  /** Whether a direction would do something now. */
  get listening(): boolean {
    return this.phase === "ready" || this.phase === "playing" || this.phase === "paused" || this.phase === "over";
  }

  /** A wish from keys, finger or gamepad. The first one starts the game or takes it up again. */
  press(direction: Direction): void {
    if (this.phase === "over") {
      if (!this.#rested || !this.#next) return;
      this.#lay(this.#next);
    }
    if (!this.listening) return;
    this.#hands.press(direction, this.game.heading);
    if (this.phase === "ready" && this.#next) this.#number = this.#next.number;
    if (this.phase === "playing") return;
    this.phase = "playing";
    this.problem = null;
    this.watcher.onRun(true);
  }

  tick(): void {
    if (this.phase !== "playing") return;
    const turn = this.#hands.take(this.game.heading);
    this.#moves[this.steps] = LETTERS[turn];
    const ate = this.game.move(turn);
    this.steps = this.game.steps - this.#lead.steps;
    if (ate) {
      this.score = this.game.eaten - this.#lead.eaten;
      this.best = Math.max(this.best, this.score);
      this.watcher.onEat();
    }
    this.watcher.onMove();
    if (this.game.ended || this.steps >= this.#lead.most || this.recorded + this.steps >= this.#wanted) void this.#end();
  }

  pause(): void {
    if (this.phase !== "playing") return;
    this.phase = "paused";
    this.#hands.clear();
    this.watcher.onRun(false);
  }

  /** Out of sight: a phone may end the page without another word, so what is played is kept as it stands. */
  hide(): void {
    this.pause();
    if (this.phase === "paused" && this.steps > 0) this.#keep();
  }

  show(): void {
    if (this.phase === "paused") games.drop(gameId(this.#id, this.#number));
  }

  /** The page goes: hand in what is played, in a request that outlives it. Kept until the server has it. */
  leave(): void {
    this.pause();
    if (this.phase !== "paused" || this.steps === 0) return;
    const game = this.#keep();
    this.phase = "left";
    api.recordGame(this.#id, game, { keepalive: true }).then(
      () => games.drop(gameId(this.#id, game.number)),
      () => undefined, // it stays kept, and the next visit sends it
    );
  }

  /** The page came back after `leave`. */
  async back(): Promise<void> {
    if (this.phase === "left") await this.#send(this.#number);
  }

  close(): void {
    this.leave();
    this.#closed = true;
    clearTimeout(this.#timer);
  }

  async #end(): Promise<void> {
    this.#hands.clear();
    this.watcher.onRun(false);
    if (this.game.ended) this.watcher.onEnd();
    this.#next = null;
    this.#rested = false;
    this.phase = "over";
    setTimeout(() => {
      this.#rested = true;
      if (this.phase === "over" && !this.#next) this.phase = "sending";
      this.#offer();
    }, REST_MS);
    this.#keep();
    await this.#send(this.#number);
  }

  #keep(): GameCreate {
    const game: GameCreate = {
      number: this.#number,
      moves: this.#letters.decode(this.#moves.subarray(0, this.steps)),
      score: this.score,
      over: this.game.ended !== "",
    };
    games.keep(gameId(this.#id, this.#number), { experiment: this.#id, game });
    return game;
  }

  async #send(number: number): Promise<void> {
    clearTimeout(this.#timer);
    const id = gameId(this.#id, number);
    try {
      const { answers, refused, waiting } = await games.flush();
      if (waiting) throw waiting;
      const stored = answers.get(id) ?? (await api.experiment(this.#id));
      this.problem = refused.get(id) ?? null;
      this.#enter(stored);
    } catch (error) {
      this.problem = asProblem(error);
      const wait_ms = 1000 * (this.problem.retryAfter_s ?? 0) || RETRY_MS;
      if (!this.#closed) this.#timer = setTimeout(() => void this.#send(number), wait_ms);
    }
  }

  #enter(experiment: Experiment): void {
    this.recorded = experiment.observations;
    this.best = Math.max(this.best, experiment.best);
    this.#next = experiment.next_game;
    this.steps = 0;
    if (!this.#next) this.phase = "done";
    else if (this.phase === "sending") this.phase = "over";
    else if (this.phase === "left") this.#lay(this.#next);
    this.#offer();
    this.watcher.onStored(experiment);
  }

  /** Whoever takes over looks first: the next position is shown before a key is asked for. */
  #offer(): void {
    if (this.takeovers && this.phase === "over" && this.#rested && this.#next) this.#lay(this.#next);
  }

  /** A game as it stands when the person's part begins. */
  #begun(next: NextGame | null): SnakeGame {
    const game = new SnakeGame(this.board, next?.seed ?? 0);
    for (const turn of turnsOf(next?.lead ?? "")) game.move(turn as Turn);
    this.#lead = { steps: game.steps, eaten: game.eaten, most: next?.most ?? Infinity };
    return game;
  }

  #lay(next: NextGame): void {
    this.game = this.#begun(next);
    this.score = 0;
    this.steps = 0;
    this.phase = "ready";
    this.watcher.onMove();
  }
}
