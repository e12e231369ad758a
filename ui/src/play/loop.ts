/** Frames at the display's rate, control ticks on their own clock: neither waits for the other. */

const MOST_BEHIND_TICKS = 4;
/** A display slower than this many ticks a frame slows the world down: nobody steers through what was not shown. */
const MOST_UNSEEN_TICKS = 2;
const KEPT = 120;

export class Loop {
  /** script time of the last frames, ms */
  readonly frames_ms = new Float32Array(KEPT);
  frames = 0;
  #frame = 0;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #next_ms = Infinity;
  #last_ms = 0;
  #unseen = 0;
  #world_ms = 0;

  constructor(
    /** length of a tick */
    readonly tick_ms: number,
    /** told the world's time */
    readonly onTick: (clock_ms: number) => void,
    readonly onFrame: (now_ms: number, passed_ms: number, share: number) => void,
  ) {}

  /** Draw from now on. */
  open(): void {
    this.#last_ms = performance.now();
    const frame = (): void => {
      this.#frame = requestAnimationFrame(frame);
      const now = performance.now();
      this.#unseen = 0;
      this.#pump(now);
      this.onFrame(now, Math.min(now - this.#last_ms, 100), this.share(now));
      this.#last_ms = now;
      this.frames_ms[this.frames++ % KEPT] = performance.now() - now;
    };
    this.#frame = requestAnimationFrame(frame);
  }

  close(): void {
    cancelAnimationFrame(this.#frame);
    this.halt();
  }

  /** Let the ticks run; the first comes at once. */
  run(): void {
    this.#next_ms = performance.now();
    this.#pump(this.#next_ms);
  }

  halt(): void {
    clearTimeout(this.#timer);
    this.#next_ms = Infinity;
  }

  get running(): boolean {
    return this.#next_ms !== Infinity;
  }

  /** Time in the world, ms: as the wall's, but it stands still where the world waits. Hands live by it. */
  clock(now_ms = performance.now()): number {
    const left = this.running ? Math.min(Math.max(this.#next_ms - now_ms, 0), this.tick_ms) : 0;
    return this.#world_ms - left;
  }

  /** How far the current tick has come, 0 to 1. */
  share(now_ms: number): number {
    return this.running ? Math.min(Math.max(1 - (this.#next_ms - now_ms) / this.tick_ms, 0), 1) : 1;
  }

  #pump(now_ms: number): void {
    // After a stall the world goes on from where it stood instead of racing to catch up.
    if (now_ms - this.#next_ms > MOST_BEHIND_TICKS * this.tick_ms) this.#next_ms = now_ms;
    while (this.running && now_ms >= this.#next_ms && this.#unseen < MOST_UNSEEN_TICKS) {
      const clock_ms = this.#world_ms;
      this.#next_ms += this.tick_ms;
      this.#world_ms += this.tick_ms;
      this.#unseen += 1;
      this.onTick(clock_ms);
    }
    clearTimeout(this.#timer);
    if (this.running && this.#unseen < MOST_UNSEEN_TICKS) {
      this.#timer = setTimeout(() => this.#pump(performance.now()), Math.ceil(this.#next_ms - now_ms));
    }
  }
}
