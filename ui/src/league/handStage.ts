/** Draws a race that is driven by hand: the own car, bots, boxes, and the leader as a ghost. */
import type { Sound } from "../play/sound";
import { between, pose, TICK_MS } from "../play/drive";
import { Loop } from "../play/loop";
import type { Car } from "../play/scene/car";
import type { Chase } from "../play/scene/chase";
import { World } from "../play/scene/world";
import type { Ghost } from "./ghost";
import type { HandDrive } from "./handDrive";

export class HandStage {
  readonly loop: Loop;
  /** shown while it is there */
  ghost: Ghost | null = null;
  readonly #world: World;
  readonly #pose = pose();
  readonly #ghostPose = pose();
  readonly #botPose = pose();
  #car: Car | null = null;
  #ghostCar: Car | null = null;
  #bots: Car[] = [];
  #chase: Chase | null = null;
  #places = -1;

  /** Throws Error when the browser offers no WebGL. */
  constructor(
    canvas: HTMLCanvasElement,
    readonly drive: HandDrive,
    readonly sound: Sound,
    /** told the world's time before each tick and each frame */
    on: { tick: (clock_ms: number) => void; frame: (clock_ms: number) => void },
  ) {
    this.#world = new World(canvas);
    this.loop = new Loop(TICK_MS, on.tick, (now_ms, passed_ms, share) => {
      on.frame(this.loop.clock(now_ms));
      this.#frame(passed_ms, share);
    });
    this.loop.open();
  }

  /** Set the scene, in the colours in force. */
  lay(): void {
    const { track, race, rules } = this.drive;
    const { state } = race.episode;
    const bots = rules.race.type === "head_to_bot" ? rules.race.objects : 0;
    this.#world.lay(track, bots > 0 ? { ...state, boxes: new Float32Array(0) } : state);
    this.#car = this.#world.addCar();
    this.#car.tint("hand", 1);
    this.#ghostCar = this.#world.addCar(true);
    this.#bots = Array.from({ length: bots }, () => this.#world.addCar());
    for (const bot of this.#bots) bot.tint("model", 1);
    [this.#chase = null] = this.#world.watch(1);
  }

  resize(width: number, height: number): void {
    this.#world.resize(width, height);
  }

  #frame(passed_ms: number, share: number): void {
    const { drive } = this;
    const [car, chase] = [this.#car, this.#chase];
    if (!car || !chase) return;
    const moving = drive.phase === "driving" && this.loop.running;
    const moved_ms = moving ? passed_ms : 0;
    between(drive.before, drive.motion, moving && drive.race.ticks > 0 ? share : 1, this.#pose);
    car.place(this.#pose, moved_ms);
    if (drive.places !== this.#places) chase.reset();
    this.#places = drive.places;
    this.#others(moved_ms, share);
    chase.follow(this.#pose, passed_ms);
    this.sound.speed(this.#pose.v);
    this.#world.render(passed_ms);
  }

  #others(moved_ms: number, share: number): void {
    const { drive, ghost } = this;
    const { boxes } = drive.race.episode.state;
    this.#bots.forEach((bot, number) => {
      const [x, y, c, s] = boxes.subarray(4 * number, 4 * number + 4);
      bot.place(Object.assign(this.#botPose, { x, y, c, s }), moved_ms);
    });
    if (!this.#ghostCar) return;
    // On the start line both would stand in one place.
    this.#ghostCar.group.visible = ghost !== null && drive.phase !== "countdown";
    // Its clock is the own one, a share of a tick ago, as the own picture is.
    const running = this.loop.running && drive.phase !== "countdown";
    if (ghost) this.#ghostCar.place(ghost.at(drive.clock_ms - (running ? (1 - share) * TICK_MS : 0), this.#ghostPose), moved_ms);
  }

  close(): void {
    this.loop.close();
    this.#world.dispose();
  }
}
