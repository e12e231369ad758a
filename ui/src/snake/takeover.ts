/** A person's hands on a running game: a press takes over and turns, letting go for a moment hands back. */
import { Hold, type Control } from "../play/hold";
import type { Turn } from "../sim/snake";
import { DOWN, Hands, LEFT, RIGHT, UP, type Direction } from "./hands";

/** Turns are tapped, so what lies between two taps is part of one takeover. */
export const MOMENT_MS = 600;
const DIRECTIONS: Partial<Record<Control, Direction>> = { right: RIGHT, down: DOWN, left: LEFT, up: UP };

/** A resting finger and a pointing stick hold without a turn of their own. */
export type Held = Control | "finger" | "stick";

export class Takeover extends Hold<Held> {
  /** of the snake now */
  heading: number = RIGHT;
  readonly #wishes = new Hands();

  constructor() {
    super(MOMENT_MS);
  }

  override press(control: Held, now_ms: number): void {
    super.press(control, now_ms);
    const direction = DIRECTIONS[control as Control];
    if (direction !== undefined) this.wish(direction);
  }

  /** A direction that comes from something that is held already. */
  wish(direction: Direction): void {
    this.#wishes.press(direction, this.heading);
  }

  override letGo(now_ms: number): void {
    super.letGo(now_ms);
    this.#wishes.clear();
  }

  /** The turn of this tick, straight on where nothing is wished; null where the model has it. */
  take(now_ms: number): Turn | null {
    if (this.driving(now_ms)) return this.#wishes.take(this.heading);
    this.#wishes.clear();
    return null;
  }
}
