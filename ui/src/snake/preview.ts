/** The champion playing on a board in a small canvas. */
import { theme } from "../lib/theme.svelte";
import { Loop } from "../play/loop";
import { TICKS_PER_S, type Board } from "../sim/snake";
import type { SnakeAttempt } from "./attempt";
import { BoardView } from "./draw";

const PAUSE_MS = 1200;

export class BoardPreview {
  onEnd: () => void = () => undefined;
  readonly #view: BoardView;
  readonly #loop: Loop;
  #attempt: SnakeAttempt | null = null;
  #painted = -1;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(
    readonly canvas: HTMLCanvasElement,
    board: Board,
  ) {
    this.#view = new BoardView(canvas, board);
    this.#loop = new Loop(
      1000 / TICKS_PER_S,
      () => this.#tick(),
      () => this.#draw(),
    );
    this.#loop.open();
  }

  play(attempt: SnakeAttempt): void {
    this.#attempt = attempt;
    this.#loop.run();
  }

  #tick(): void {
    this.#attempt?.tick(null);
    if (!this.#attempt?.ended) return;
    this.#loop.halt();
    this.#timer = setTimeout(() => this.onEnd(), PAUSE_MS);
  }

  #draw(): void {
    if (!this.#attempt) return;
    this.#view.fit(this.canvas.clientWidth, this.canvas.clientHeight);
    if (this.#painted !== theme.revision) this.#view.recolour();
    this.#painted = theme.revision;
    this.#view.show(this.#attempt.game, "model");
  }

  destroy(): void {
    clearTimeout(this.#timer);
    this.#loop.close();
  }
}
