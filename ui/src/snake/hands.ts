/** A person's presses, kept until the snake can follow them: one turn a tick, at most two waiting. Pure. */
import type { Turn } from "../sim/snake";

/** As the rules count headings. */
export const RIGHT = 0;
export const DOWN = 1;
export const LEFT = 2;
export const UP = 3;
export type Direction = 0 | 1 | 2 | 3;

const DEPTH = 2;

/** The turn that leads from a heading to a direction; a snake cannot reverse, so there it goes straight on. */
export function turnTowards(direction: number, heading: number): Turn {
  const turned = (direction - heading + 4) % 4;
  return turned === 1 ? 1 : turned === 3 ? -1 : 0;
}

export class Hands {
  readonly #waiting = new Uint8Array(DEPTH);
  #count = 0;

  /**
   * Wish for a direction while the snake has `heading`. A wish that would change nothing where its turn comes is
   * not kept, so that it does not delay the next one; one beyond the second is forgotten.
   */
  press(direction: Direction, heading: number): void {
    const before = this.#count > 0 ? (this.#waiting[this.#count - 1] as number) : heading;
    if (this.#count === DEPTH || turnTowards(direction, before) === 0) return;
    this.#waiting[this.#count++] = direction;
  }

  /** The turn of this tick. */
  take(heading: number): Turn {
    if (this.#count === 0) return 0;
    const direction = this.#waiting[0] as number;
    this.#waiting.copyWithin(0, 1);
    this.#count -= 1;
    return turnTowards(direction, heading);
  }

  clear(): void {
    this.#count = 0;
  }
}
