/** An engine whose pitch follows the speed and a soft click when the wheel changes hands; off until asked for. */
import { click, rememberSound, soundWanted } from "../lib/sound";

const LOUD = 0.05;

export class Sound {
  #context: AudioContext | null = null;
  #engine: { low: OscillatorNode; high: OscillatorNode; gain: GainNode; filter: BiquadFilterNode } | null = null;
  #on = soundWanted();

  get on(): boolean {
    return this.#on;
  }

  set on(wanted: boolean) {
    this.#on = wanted;
    rememberSound(wanted);
    if (!wanted) this.hush();
  }

  /** Browsers let sound begin only after a gesture; call this from one. */
  start(): void {
    if (!this.#on || this.#engine) return;
    const context = (this.#context ??= new AudioContext());
    void context.resume();
    const gain = new GainNode(context, { gain: 0 });
    const filter = new BiquadFilterNode(context, { type: "lowpass", frequency: 420, Q: 0.6 });
    const low = new OscillatorNode(context, { type: "sawtooth", frequency: 52 });
    const high = new OscillatorNode(context, { type: "triangle", frequency: 104, detune: 6 });
    low.connect(filter);
    high.connect(filter);
    filter.connect(gain).connect(context.destination);
    low.start();
    high.start();
    this.#engine = { low, high, gain, filter };
  }

  speed(mps: number): void {
    const context = this.#context;
    if (!this.#engine || !context) return;
    const { low, high, gain, filter } = this.#engine;
    const pitch = 44 + 30 * mps;
    low.frequency.setTargetAtTime(pitch, context.currentTime, 0.06);
    high.frequency.setTargetAtTime(2 * pitch, context.currentTime, 0.06);
    filter.frequency.setTargetAtTime(260 + 160 * mps, context.currentTime, 0.1);
    gain.gain.setTargetAtTime(LOUD, context.currentTime, 0.2);
  }

  /** The wheel changed hands. */
  click(toHand: boolean): void {
    if (this.#on && this.#context) click(this.#context, toHand);
  }

  /** Engine off, softly. */
  hush(): void {
    const [context, engine] = [this.#context, this.#engine];
    if (!context || !engine) return;
    this.#engine = null;
    engine.gain.gain.setTargetAtTime(0, context.currentTime, 0.08);
    engine.low.stop(context.currentTime + 0.5);
    engine.high.stop(context.currentTime + 0.5);
  }

  close(): void {
    this.hush();
    void this.#context?.close();
    this.#context = null;
  }
}
