/**
 * A race against the clock, tick by tick: laps, penalties, putting the car back. Twin of `garage/evaluation.py`.
 *
 * The clock is the simulation's: ticks driven and the milliseconds of penalties, during which nothing moves.
 */
import { cleared } from "./obstacles";
import { wordOf, type RaceType } from "./raceTypes";
import { TICKS_PER_S, unit } from "./rules";
import type { Track } from "./track";
import { crossing_s, START_M, Trial, type Episode } from "./trial";

const f = Math.fround;

export interface RaceRules {
  laps: number;
  /** laps of the best average */
  consecutive: number;
  off_track_ms: number;
  crash_ms: number;
  /** after which the race is given up */
  most_resets: number;
  /** of driving, penalties not counted */
  limit_s: number;
  race: RaceType;
  seed: number;
}

/** The car was put back after `tick` ticks, and the clock ran on for `ms`. */
export interface Stop {
  tick: number;
  ms: number;
  crashed: boolean;
}

/** How a race went; null where there are not enough laps. */
export interface Outcome {
  finished: boolean;
  /** complete laps, penalties inside */
  laps_ms: number[];
  total_ms: number | null;
  best_ms: number | null;
  average_ms: number | null;
  off_tracks: number;
  crashes: number;
  /** percentage of all laps */
  progress: number;
}

const sum = (values: readonly number[]): number => values.reduce((all, one) => all + one, 0);

export class Race {
  readonly trial: Trial;
  episode: Episode;
  /** driven */
  ticks = 0;
  penalty_ms = 0;
  /** way of the car's front from the start line, along the road */
  metres = START_M;
  over = false;
  readonly stops: Stop[] = [];
  readonly #crossed_ms: number[] = [];

  /** track: as it is driven, turned where the race goes the other way round */
  constructor(
    track: Track,
    readonly rules: RaceRules,
  ) {
    this.trial = new Trial(track, rules.limit_s * TICKS_PER_S, rules.laps, rules.race);
    this.episode = this.trial.begin(0, wordOf(rules.seed, 0));
    this.#place();
  }

  /** Put the car at rest on the centre line, where it is or behind, clear of what is on the road. */
  #place(): void {
    const { trial, episode } = this;
    const { length_m } = trial;
    const share = (at_m: number): number => (((at_m - START_M) % length_m) + length_m) % length_m;
    const middle = share(this.metres);
    this.metres += cleared(middle, episode.objects.along, length_m) - middle;
    this.episode = trial.begin(share(this.metres) / length_m, 0, episode.objects);
    this.episode.metres = f(this.metres);
    this.episode.step = this.ticks;
  }

  /** One tick of driving with an action of two int8; returns the stop that it ended in, if any. */
  tick(steer: number, throttle: number): Stop | null {
    const before = this.metres;
    this.trial.tick(this.episode, unit(steer), unit(throttle));
    const { status, metres } = this.episode;
    this.ticks += 1;
    this.metres = metres;
    this.#cross(before, metres);
    if (status === "in_progress") return null;
    if (status === "lap_complete" || status === "time_up") {
      this.over = true;
      return null;
    }
    return this.#stop(status === "crashed");
  }

  #cross(before: number, after: number): void {
    const line = (this.#crossed_ms.length + 1) * this.trial.length_m;
    if (this.#crossed_ms.length === this.rules.laps || after < line) return;
    this.#crossed_ms.push(Math.round(1000 * crossing_s(line, before, after, this.ticks)) + this.penalty_ms);
  }

  #stop(crashed: boolean): Stop {
    const stop = { tick: this.ticks, ms: crashed ? this.rules.crash_ms : this.rules.off_track_ms, crashed };
    this.stops.push(stop);
    this.penalty_ms += stop.ms;
    this.over = this.stops.length > this.rules.most_resets || this.ticks >= this.trial.maxTicks;
    if (!this.over) this.#place();
    return stop;
  }

  /** Of the race's clock, when the lap began that is being driven. */
  get lapped_ms(): number {
    return this.#crossed_ms.at(-1) ?? 0;
  }

  get outcome(): Outcome {
    const { laps, consecutive } = this.rules;
    const laps_ms = this.#crossed_ms.map((at, lap) => at - (this.#crossed_ms[lap - 1] ?? 0));
    const windows = laps_ms.slice(consecutive - 1).map((_, at) => sum(laps_ms.slice(at, at + consecutive)));
    const finished = laps_ms.length === laps;
    const crashes = this.stops.filter(({ crashed }) => crashed).length;
    return {
      finished,
      laps_ms,
      total_ms: finished ? sum(laps_ms) : null,
      best_ms: laps_ms.length > 0 ? Math.min(...laps_ms) : null,
      average_ms: windows.length > 0 ? Math.floor(Math.min(...windows) / consecutive) : null,
      off_tracks: this.stops.length - crashes,
      crashes,
      progress: 100 * Math.min(1, this.metres / (laps * this.trial.length_m)),
    };
  }
}
