/** Arrow keys, WASD, swipes and gamepads, each turned into directions. */
import { DOWN, LEFT, RIGHT, UP, type Direction } from "./hands";

const KEYS: Record<string, Direction> = {
  ArrowRight: RIGHT,
  KeyD: RIGHT,
  ArrowDown: DOWN,
  KeyS: DOWN,
  ArrowLeft: LEFT,
  KeyA: LEFT,
  ArrowUp: UP,
  KeyW: UP,
};
/** Of these the arrow keys or letters are their own. */
const WANTS_KEYS = "input, select, textarea, [contenteditable], [role=slider], [role=tab]";
const WANTS_SPACE = "button, a, summary, input, select, textarea, [contenteditable], [role=slider]";

const within = (target: EventTarget | null, selector: string): boolean => target instanceof Element && target.closest(selector) !== null;

export interface Pressed {
  direction: (direction: Direction) => void;
  space?: () => void;
}

/** Listen while `enabled` says so, ahead of the rest of the page. Returns the end of it. */
export function listenKeys(pressed: Pressed, enabled: () => boolean): () => void {
  const down = (event: KeyboardEvent): void => {
    if (event.ctrlKey || event.metaKey || event.altKey || !enabled()) return;
    const direction = KEYS[event.code];
    if (direction !== undefined && !within(event.target, WANTS_KEYS)) {
      event.preventDefault(); // also when held: the page must not scroll away
      if (!event.repeat) pressed.direction(direction);
    } else if (event.code === "Space" && pressed.space && !within(event.target, WANTS_SPACE)) {
      event.preventDefault();
      if (!event.repeat) pressed.space();
    }
  };
  addEventListener("keydown", down, { capture: true });
  return () => removeEventListener("keydown", down, { capture: true });
}

/** Travel of a finger, page pixels, that makes a direction; the next one is measured from there. */
const TRAVEL = 22;

/** A finger on the board. It may turn several times without being lifted. */
export class Swipe {
  #id = -1;
  #x = 0;
  #y = 0;
  #last = -1;

  down(id: number, x: number, y: number): void {
    this.#id = id;
    this.#x = x;
    this.#y = y;
    this.#last = -1;
  }

  /** The direction that this movement completed, if it did. */
  move(id: number, x: number, y: number): Direction | null {
    if (id !== this.#id) return null;
    const across = x - this.#x;
    const along = y - this.#y;
    if (Math.max(Math.abs(across), Math.abs(along)) < TRAVEL) return null;
    this.#x = x;
    this.#y = y;
    const direction = Math.abs(across) > Math.abs(along) ? (across > 0 ? RIGHT : LEFT) : along > 0 ? DOWN : UP;
    if (direction === this.#last) return null;
    this.#last = direction;
    return direction;
  }

  up(id: number): void {
    if (id === this.#id) this.#id = -1;
  }
}

const PUSHED = 0.5;
/** The cross of the standard mapping. */
const BUTTONS: [button: number, direction: Direction][] = [
  [15, RIGHT],
  [13, DOWN],
  [14, LEFT],
  [12, UP],
];

/** Where a gamepad points: its cross, else its left stick beyond half way; null in the middle. */
export function pointed(pad: Pick<Gamepad, "axes" | "buttons">): Direction | null {
  for (const [button, direction] of BUTTONS) if (pad.buttons[button]?.pressed) return direction;
  const across = pad.axes[0] ?? 0;
  const along = pad.axes[1] ?? 0;
  if (Math.max(Math.abs(across), Math.abs(along)) < PUSHED) return null;
  return Math.abs(across) > Math.abs(along) ? (across > 0 ? RIGHT : LEFT) : along > 0 ? DOWN : UP;
}

/** The first gamepad, read once a frame. Nothing is asked of the browser before one is connected. */
export class Pad {
  #known = false;
  #last: Direction | null = null;
  readonly #connected = (): void => void (this.#known = true);

  constructor() {
    addEventListener("gamepadconnected", this.#connected);
  }

  /** Where it points since it was read last. */
  get pointing(): Direction | null {
    return this.#last;
  }

  /** A direction once, when it is newly pointed to. */
  poll(): Direction | null {
    if (!this.#known) return null;
    const pad = navigator.getGamepads().find((one) => one?.connected);
    const now = pad ? pointed(pad) : null;
    const fresh = now === this.#last ? null : now;
    this.#last = now;
    return fresh;
  }

  close(): void {
    removeEventListener("gamepadconnected", this.#connected);
  }
}
