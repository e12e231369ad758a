/** A small rising note for a food and a falling one for the end; off until asked for. One context for a visit. */
import { click, note, rememberSound, soundWanted } from "../lib/sound";

export class Sound {
  #context: AudioContext | null = null;
  #on = soundWanted();

  get on(): boolean {
    return this.#on;
  }

  set on(wanted: boolean) {
    this.#on = wanted;
    rememberSound(wanted);
  }

  /** Browsers let sound begin only after a gesture; call this from one. */
  start(): void {
    if (!this.#on) return;
    this.#context ??= new AudioContext();
    if (this.#context.state === "suspended") void this.#context.resume();
  }

  eat(): void {
    if (this.#on && this.#context) note(this.#context, 520, 780, 0.09);
  }

  /** The snake changed hands. */
  click(toHand: boolean): void {
    if (this.#on && this.#context) click(this.#context, toHand);
  }

  end(): void {
    if (this.#on && this.#context) note(this.#context, 220, 90, 0.28);
  }

  close(): void {
    void this.#context?.close();
    this.#context = null;
  }
}
