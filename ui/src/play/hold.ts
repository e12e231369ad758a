/** Whether a person holds the wheel. Pure: every method is told the time. */

export type Control = "left" | "right" | "up" | "down" | "wheel";

/** What keys do to hands. */
export interface Presses {
  press(control: Control, now_ms: number): void;
  release(control: Control, now_ms: number): void;
  letGo(now_ms: number): void;
}

export class Hold<Held extends string> {
  /** the person does all of it */
  always = false;
  readonly #held = new Set<Held>();
  #released_ms = -Infinity;

  /** @param grace_ms letting go for less than this is part of the same takeover */
  constructor(readonly grace_ms: number) {}

  held(control: Held): boolean {
    return this.#held.has(control);
  }

  get touching(): boolean {
    return this.#held.size > 0;
  }

  driving(now_ms: number): boolean {
    return this.always || this.touching || now_ms - this.#released_ms < this.grace_ms;
  }

  press(control: Held, _now_ms: number): void {
    this.#held.add(control);
  }

  release(control: Held, now_ms: number): void {
    if (this.#held.delete(control)) this.released(now_ms);
  }

  /** The window lost the focus: no key will tell that it was let go. */
  letGo(_now_ms: number): void {
    this.#held.clear();
    this.#released_ms = -Infinity;
  }

  /** Something was let go; with nothing left, the grace begins. */
  protected released(now_ms: number): void {
    if (!this.touching) this.#released_ms = now_ms;
  }
}
