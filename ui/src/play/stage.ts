/** Keeps the drawn world in step with the attempt: car, camera, trim, the slow half second after a crash. */
import type { Sound } from "./sound";
import { between, pose, TICK_MS, type Drive } from "./drive";
import type { Game } from "./game.svelte";
import { Loop } from "./loop";
import type { Car } from "./scene/car";
import type { Chase } from "./scene/chase";
import { World } from "./scene/world";

/** After a crash time runs at this share of its rate and fades out. */
const SLOW_SHARE = 0.22;
const COAST_MS = 900;
const EASE_BACK_MS = 120;

export class Stage {
  readonly loop: Loop;
  readonly #world: World;
  readonly #pose = pose();
  #drive: Drive | null = null;
  #car: Car | null = null;
  #chase: Chase | null = null;
  #slow_ms = 0;

  /** Throws Error when the browser offers no WebGL. */
  constructor(canvas: HTMLCanvasElement, readonly game: Game, readonly sound: Sound, readonly onFrame: (clock_ms: number) => void) {
    this.#world = new World(canvas);
    this.loop = new Loop(
      TICK_MS,
      (clock_ms) => this.#tick(clock_ms),
      (now_ms, passed_ms, share) => this.#frame(this.loop.clock(now_ms), passed_ms, share),
    );
    this.loop.open();
  }

  /** Set the scene of an attempt. */
  lay(drive: Drive): void {
    this.#drive = drive;
    this.#world.lay(drive.racer.track, drive.state);
    this.#car = this.#world.addCar();
    [this.#chase = null] = this.#world.watch(1);
    this.#slow_ms = 0;
  }

  run(): void {
    if (!this.loop.running) this.loop.run();
  }

  resize(width: number, height: number): void {
    this.#world.resize(width, height);
  }

  #tick(clock_ms: number): void {
    this.game.tick(clock_ms);
    if (this.game.phase !== "driving") this.loop.halt();
  }

  #frame(clock_ms: number, passed_ms: number, share: number): void {
    const [drive, car, chase] = [this.#drive, this.#car, this.#chase];
    this.onFrame(clock_ms);
    if (!drive || !car || !chase) return;
    if (drive.ended === "crash") this.#coast(passed_ms);
    else between(drive.before, drive.motion, drive.ticks === 0 ? 1 : share, this.#pose);
    const moves = this.loop.running || (drive.ended === "crash" && this.#slow_ms < COAST_MS);
    car.place(this.#pose, moves ? passed_ms : 0);
    car.tint(this.game.byHand ? "hand" : "model", this.game.byHand ? 1 : Math.min(1, passed_ms / EASE_BACK_MS));
    chase.follow(this.#pose, passed_ms);
    this.sound.speed(this.#pose.v);
    this.#world.render(passed_ms);
  }

  /** The road keeps standing while the car drifts out its last centimetres. */
  #coast(passed_ms: number): void {
    this.#slow_ms += passed_ms;
    const share = SLOW_SHARE * Math.max(0, 1 - this.#slow_ms / COAST_MS);
    const step_s = (passed_ms / 1000) * share;
    this.#pose.x += this.#pose.c * this.#pose.v * step_s;
    this.#pose.y += this.#pose.s * this.#pose.v * step_s;
  }

  close(): void {
    this.loop.close();
    this.#world.dispose();
  }
}
