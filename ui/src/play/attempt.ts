/** What every attempt records, whatever is played: the executed action and who acted, tick by tick. */
import type { Wire } from "../lib/api";
import { toBase64 } from "../sim/plain";

export type Ended = "crash" | "time" | null;

export abstract class Attempt {
  readonly actions: Int8Array;
  /** per tick: 0 the model, 1 a person */
  readonly actors: Uint8Array;
  ticks = 0;
  /** metres, in Snake foods less deaths */
  progress = 0;
  ended: Ended = null;
  /** what the last tick cost: observation, network and rules, in ms of script */
  tick_ms = 0;

  constructor(
    readonly ticksPerS: number,
    readonly maxTicks: number,
    /** numbers of one action */
    readonly axes: number,
  ) {
    this.actions = new Int8Array(axes * maxTicks);
    this.actors = new Uint8Array(maxTicks);
  }

  /** Final state that this page saw, as the environment reports it. */
  protected abstract get final(): Record<string, number>;

  /** The simulator made a tick: write down what was executed by whom, and how it went. */
  protected log(action: readonly number[], byHand: boolean, progress: number, crashed: boolean): void {
    this.actions.set(action, this.axes * this.ticks);
    this.actors[this.ticks] = byHand ? 1 : 0;
    this.ticks += 1;
    this.progress += progress;
    if (crashed) this.ended = "crash";
    else if (this.ticks >= this.maxTicks) this.ended = "time";
  }

  /** Body of POST /assignments/{id}/attempt. */
  record(): Wire<"AttemptCreate"> {
    return {
      ticks: this.ticks,
      actions: toBase64(this.actions.subarray(0, this.axes * this.ticks)),
      actors: toBase64(this.actors.subarray(0, this.ticks)),
      final: this.final,
    };
  }
}
