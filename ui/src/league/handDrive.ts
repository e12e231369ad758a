/**
 * A person driving a race: countdown, driving, standing after being put back, over. Pure: it is told the world's time.
 *
 * Waiting is counted in the world's ticks, so that a slow display slows countdown, penalties and driving alike;
 * the race's clock is the simulation's.
 */
import { V, type Motion } from "../sim/car";
import { Hands, lockAt } from "../play/hands";
import { TICK_MS } from "../play/drive";
import { toBase64 } from "../sim/plain";
import { Race, type Outcome, type RaceRules, type Stop } from "../sim/race";
import { quantise, TICKS_PER_S } from "../sim/rules";
import type { Track } from "../sim/track";
import type { Status } from "../sim/trial";
import { standing } from "./path";
import type { EntryCreate } from "./wire";

export type HandPhase = "countdown" | "driving" | "penalty" | "over";

/** What the countdown counts from, and how long each number stands. */
const COUNT = 3;
const COUNT_TICKS = 11;
/** The pedal of a car that has just been put on the road. */
const AT_REST = -1;

export class HandDrive {
  readonly hands = new Hands();
  race: Race;
  phase: HandPhase = "countdown";
  /** the last stop and why the car was put back, while its penalty runs */
  stop: (Stop & { why: Status }) | null = null;
  /** how often the car was put somewhere: pictures jump there */
  places = 0;
  /** motion before the tick that is being shown */
  readonly before: Motion;
  readonly #actions: Int8Array;
  /** ticks that countdown or penalty still last */
  #waits = COUNT * COUNT_TICKS;

  /** track: as it is driven, turned where the race goes the other way round */
  constructor(
    readonly track: Track,
    readonly rules: RaceRules,
  ) {
    this.race = new Race(track, rules);
    this.before = this.motion.slice();
    this.#actions = new Int8Array(2 * rules.limit_s * TICKS_PER_S);
    this.hands.always = true;
  }

  get motion(): Motion {
    return this.race.episode.state.motion;
  }

  /** From the start line again, countdown included; what was driven is forgotten. */
  restart(): void {
    this.race = new Race(this.track, this.rules);
    this.#waits = COUNT * COUNT_TICKS;
    this.phase = "countdown";
    this.stop = null;
    this.#placed();
  }

  /** The driver gives up; what was driven so far counts. */
  finish(): void {
    this.phase = "over";
    this.stop = null;
  }

  /** A tick of the world, which is one of the race only while the car drives. */
  tick(clock_ms: number): void {
    if (this.phase === "over") return;
    if (this.phase !== "driving") {
      this.#waits -= 1;
      if (this.#waits > 0) return;
      this.phase = "driving";
      this.stop = null;
      this.hands.follow(0, AT_REST, clock_ms);
      return;
    }
    this.hands.lock = lockAt(this.race.trial.racer.car, this.motion[V]!);
    this.hands.advance(clock_ms);
    this.#drive(quantise(this.hands.steer), quantise(this.hands.throttle), clock_ms);
  }

  #drive(steer: number, throttle: number, clock_ms: number): void {
    const { race } = this;
    const { episode } = race;
    this.#actions.set([steer, throttle], 2 * race.ticks);
    this.before.set(this.motion);
    const stop = race.tick(steer, throttle);
    if (race.over) return this.finish();
    if (stop === null) return;
    this.#placed();
    this.hands.follow(0, AT_REST, clock_ms);
    this.#waits = standing(stop.ms, TICKS_PER_S);
    if (this.#waits === 0) return;
    this.stop = { ...stop, why: episode.status };
    this.phase = "penalty";
  }

  #placed(): void {
    this.before.set(this.motion);
    this.places += 1;
  }

  /** 3, 2, 1 before the start, then 0. */
  get count(): number {
    return this.phase === "countdown" ? Math.ceil(this.#waits / COUNT_TICKS) : 0;
  }

  /** Milliseconds that the penalty still lasts. */
  get left_ms(): number {
    return this.phase === "penalty" ? this.#waits * TICK_MS : 0;
  }

  /** The race's clock: of driving, and of penalties as far as they have run. */
  get clock_ms(): number {
    return Math.max(0, this.race.ticks * TICK_MS + this.race.penalty_ms - this.left_ms);
  }

  get outcome(): Outcome {
    return this.race.outcome;
  }

  /** The drive as it is handed in; null before the first tick. */
  record(): NonNullable<EntryCreate["hand"]> | null {
    const { ticks, outcome } = this.race;
    return ticks === 0 ? null : { actions: toBase64(this.#actions.subarray(0, 2 * ticks)), laps_ms: outcome.laps_ms };
  }
}
