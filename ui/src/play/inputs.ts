/** Keyboard, gamepad and touch, turned into what `Hands` understands. */
import type { Hands } from "./hands";
import type { Control, Presses } from "./hold";

const KEYS: Record<string, Control> = {
  ArrowLeft: "left",
  KeyA: "left",
  ArrowRight: "right",
  KeyD: "right",
  ArrowUp: "up",
  KeyW: "up",
  ArrowDown: "down",
  KeyS: "down",
  Space: "wheel",
};
const DEAD_ZONE = 0.14;
const HOLD_BUTTONS = [0, 4, 5];

function typing(target: EventTarget | null): boolean {
  return target instanceof Element && target.closest("input:not([type=checkbox]), textarea, select, [contenteditable]") !== null;
}

/** A focused button or switch still wants its own space bar. */
function pressing(event: KeyboardEvent): boolean {
  return event.code === "Space" && event.target instanceof Element && event.target.closest("button, a, summary, input") !== null;
}

/** Listen to keys while `enabled` says so; `clock` is the world's time in ms. Returns the end of it. */
export function listenKeys(hands: Presses, clock: () => number, enabled: () => boolean, onChange: () => void): () => void {
  const down = (event: KeyboardEvent): void => {
    const control = KEYS[event.code];
    if (!control || !enabled() || typing(event.target) || pressing(event) || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    if (event.repeat) return;
    hands.press(control, clock());
    onChange();
  };
  const up = (event: KeyboardEvent): void => {
    const control = KEYS[event.code];
    if (!control) return;
    hands.release(control, clock());
    onChange();
  };
  const away = (): void => {
    hands.letGo(clock());
    onChange();
  };
  addEventListener("keydown", down);
  addEventListener("keyup", up);
  addEventListener("blur", away);
  return () => {
    removeEventListener("keydown", down);
    removeEventListener("keyup", up);
    removeEventListener("blur", away);
  };
}

/** Read the first gamepad: left stick steers, triggers or the right stick set the speed, a button holds the wheel. */
export class Gamepads {
  #holding = false;

  poll(hands: Hands, now_ms: number): void {
    const pad = navigator.getGamepads?.().find((one) => one !== null && one.connected);
    if (!pad) {
      if (this.#holding) hands.hold(null, now_ms);
      this.#holding = false;
      return;
    }
    const side = pad.axes[0] ?? 0;
    const push = (pad.buttons[7]?.value ?? 0) - (pad.buttons[6]?.value ?? 0) || -(pad.axes[3] ?? 0);
    const touched = Math.abs(side) > DEAD_ZONE || Math.abs(push) > DEAD_ZONE || HOLD_BUTTONS.some((button) => pad.buttons[button]?.pressed);
    if (!touched && !this.#holding) return;
    this.#holding = touched;
    hands.hold(touched ? { steer: Math.abs(side) > DEAD_ZONE ? -side : 0, throttle: Math.abs(push) > DEAD_ZONE ? push : null } : null, now_ms);
  }
}

/** Page pixels of finger travel from touch-down to full lock. */
const TRAVEL = 64;

/** Two pads: a finger on the left one steers, one on the right one sets the speed; a resting finger holds the wheel. */
export class TouchPads {
  #steer: { id: number; from: number; at: number } | null = null;
  #speed: { id: number; from: number; at: number } | null = null;

  constructor(readonly hands: Hands, readonly clock: () => number, readonly onChange: () => void) {}

  down(event: PointerEvent, pad: "steer" | "speed"): void {
    if (event.pointerType === "mouse") return;
    event.preventDefault();
    (event.currentTarget as Element).setPointerCapture(event.pointerId);
    const place = pad === "steer" ? event.clientX : event.clientY;
    const finger = { id: event.pointerId, from: place, at: place };
    if (pad === "steer") this.#steer = finger;
    else this.#speed = finger;
    this.#tell();
  }

  move(event: PointerEvent): void {
    if (this.#steer?.id === event.pointerId) this.#steer.at = event.clientX;
    else if (this.#speed?.id === event.pointerId) this.#speed.at = event.clientY;
    else return;
    this.#tell();
  }

  up(event: PointerEvent): void {
    if (this.#steer?.id === event.pointerId) this.#steer = null;
    else if (this.#speed?.id === event.pointerId) this.#speed = null;
    else return;
    this.#tell();
  }

  #tell(): void {
    const full = (finger: { from: number; at: number }): number => Math.max(-1, Math.min(1, (finger.from - finger.at) / TRAVEL));
    const [steer, speed] = [this.#steer, this.#speed];
    const stick = steer || speed ? { steer: steer ? full(steer) : 0, throttle: speed ? full(speed) : null } : null;
    this.hands.hold(stick, this.clock());
    this.onChange();
  }
}
