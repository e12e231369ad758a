/** A policy driving in the page, tick by tick: the episode, who drives it, and how it is drawn. */
import type { Motion } from "../sim/car";
import { choiceOf, type Choice } from "../sim/actions";
import { Driver } from "../sim/driver";
import { cleared, placed } from "../sim/obstacles";
import { Policy } from "../sim/policy";
import { TIME_TRIAL, wordOf, type RaceType } from "../sim/raceTypes";
import type { Track } from "../sim/track";
import { START_STEP, Trial, type Episode } from "../sim/trial";
import { between, pose, TICK_MS } from "../play/drive";
import { Loop } from "../play/loop";
import type { Car } from "../play/scene/car";
import { World } from "../play/scene/world";

/** Longest episode; as long as one in training. */
const MAX_TICKS = 1000;
const PAUSE_MS = 1200;

export interface Moment {
  episode: Episode;
  /** what was commanded in the last tick */
  told: Choice;
  /** share of the lap that is driven */
  far: number;
  lap_ms: number | null;
}

export class Show {
  readonly trial: Trial;
  driver: Driver;
  episode: Episode;
  /** told after every tick, and when an episode begins */
  onMoment: (moment: Moment) => void = () => undefined;
  /** asked for a newer policy when an episode has ended */
  onEnd: () => Promise<ArrayBuffer | null> = () => Promise.resolve(null);
  readonly #before: Motion;
  readonly #pose = pose();
  readonly #botPose = pose();
  readonly #loop: Loop;
  #draw: ((passed_ms: number, share: number) => void) | null = null;
  #world: World | null = null;
  #number = 0;
  #pausing: ReturnType<typeof setTimeout> | undefined;
  #wanted = false;
  #closed = false;

  /** race, seed: what is on the road, and of which number it is drawn */
  constructor(
    readonly track: Track,
    bytes: ArrayBuffer,
    race: RaceType = TIME_TRIAL,
    readonly seed = 0,
  ) {
    this.trial = new Trial(track, MAX_TICKS, 1, race);
    this.driver = new Driver(new Policy(bytes));
    this.episode = this.trial.begin(0);
    this.#before = this.episode.state.motion.slice();
    this.driver.look(track, this.episode.state);
    this.#loop = new Loop(
      TICK_MS,
      () => this.#tick(),
      (_now, passed_ms, share) => this.#draw?.(passed_ms, share),
    );
    this.#loop.open();
  }

  /** Draw into a canvas from behind the car. Throws Error when the browser offers no WebGL. */
  film(canvas: HTMLCanvasElement): void {
    this.#world ??= new World(canvas);
    const world = this.#world;
    const bots = this.trial.race.type === "head_to_bot" ? this.trial.race.objects : 0;
    let cars: Car[] = [];
    const lay = (): void => {
      world.lay(this.track, bots > 0 ? { ...this.episode.state, boxes: new Float32Array(0) } : this.episode.state);
      cars = Array.from({ length: 1 + bots }, () => world.addCar());
      cars.forEach((one, number) => one.tint(number === 0 ? "model" : "hand", 1));
    };
    lay();
    const [chase] = world.watch(1);
    let episode = this.episode;
    this.#draw = (passed_ms, share) => {
      if (episode !== this.episode) {
        episode = this.episode;
        if (this.trial.race.objects > bots) lay();
        chase?.reset();
      }
      const moved_ms = this.#loop.running ? passed_ms : 0;
      for (let bot = 0; bot < bots; bot++) {
        const [x, y, c, s] = this.episode.state.boxes.subarray(4 * bot, 4 * bot + 4);
        Object.assign(this.#botPose, { x, y, c, s });
        cars[1 + bot]!.place(this.#botPose, moved_ms);
      }
      between(this.#before, this.episode.state.motion, this.episode.step === 0 ? 1 : share, this.#pose);
      cars[0]!.place(this.#pose, moved_ms);
      chase?.follow(this.#pose, passed_ms);
      world.render(passed_ms);
    };
  }

  resize(width: number, height: number): void {
    this.#world?.resize(width, height);
  }

  play(): void {
    this.#wanted = true;
    if (this.episode.status === "in_progress") this.#loop.run();
    else void this.#next();
  }

  pause(): void {
    this.#wanted = false;
    clearTimeout(this.#pausing);
    this.#loop.halt();
  }

  /** Drive with another policy from here on; the episode begins anew. */
  take(bytes: ArrayBuffer): void {
    this.driver = new Driver(new Policy(bytes));
    this.again(this.#number);
  }

  /** Begin an episode: number 0 from the start line, each further one START_STEP of the lap on, as in training. */
  again(number = 0): void {
    clearTimeout(this.#pausing);
    this.#number = number;
    const { length_m, race } = this.trial;
    const word = wordOf(this.seed, number);
    const start_m = cleared(((number * START_STEP) % 1) * length_m, placed(race, this.track, word).along, length_m);
    this.episode = this.trial.begin((start_m / length_m + 1) % 1, word);
    this.#before.set(this.episode.state.motion);
    this.driver.look(this.track, this.episode.state);
    this.#tell();
    if (this.#wanted) this.#loop.run();
  }

  #tick(): void {
    const { episode } = this;
    const command = this.driver.command();
    this.#before.set(episode.state.motion);
    this.trial.tick(episode, command[0]!, command[1]!);
    this.driver.look(this.track, episode.state);
    if (episode.status !== "in_progress") {
      this.#loop.halt();
      this.#pausing = setTimeout(() => void this.#next(), PAUSE_MS);
    }
    this.#tell();
  }

  async #next(): Promise<void> {
    const newer = await this.onEnd();
    if (this.#closed || this.episode.status === "in_progress") return;
    if (newer) this.driver = new Driver(new Policy(newer));
    this.again(this.#number + 1);
  }

  #tell(): void {
    const { episode, trial } = this;
    this.onMoment({
      episode,
      told: choiceOf(episode.step === 0 ? [0, -1] : this.driver.controls.command, trial.racer.car),
      far: Math.min(1, Math.max(0, episode.metres / trial.length_m)),
      lap_ms: trial.lapMs(episode),
    });
  }

  close(): void {
    this.#closed = true;
    clearTimeout(this.#pausing);
    this.#loop.close();
    this.#world?.dispose();
  }
}
