/** The champion driving a road seen from above, in a small canvas. */
import { colour, theme } from "../lib/theme.svelte";
import { X, Y } from "../sim/car";
import { between, pose, TICK_MS, type Drive } from "./drive";
import { Loop } from "./loop";
import { Plan } from "./plan";

const PAUSE_MS = 1200;
const TRAIL = 30;

export class RoadPreview {
  onEnd: () => void = () => undefined;
  readonly #loop: Loop;
  readonly #pose = pose();
  #drive: Drive | null = null;
  #plan: Plan | null = null;
  #ground: HTMLCanvasElement | null = null;
  #painted = -1;
  #colours = { model: "", car: "" };
  #trail: [number, number][] = [];
  #timer: ReturnType<typeof setTimeout> | undefined;
  #size = "";

  constructor(readonly canvas: HTMLCanvasElement) {
    this.#loop = new Loop(
      TICK_MS,
      () => this.#tick(),
      (_now, _passed, share) => this.#draw(share),
    );
    this.#loop.open();
  }

  play(drive: Drive): void {
    this.#drive = drive;
    this.#ground = null;
    this.#trail = [];
    this.#loop.run();
  }

  #tick(): void {
    const drive = this.#drive;
    if (!drive) return;
    drive.tick(null);
    this.#trail.push([drive.motion[X]!, drive.motion[Y]!]);
    if (this.#trail.length > TRAIL) this.#trail.shift();
    if (!drive.ended) return;
    this.#loop.halt();
    this.#timer = setTimeout(() => this.onEnd(), PAUSE_MS);
  }

  #lay(drive: Drive): HTMLCanvasElement {
    const ratio = Math.min(devicePixelRatio, 2);
    this.canvas.width = Math.max(1, Math.round(this.canvas.clientWidth * ratio));
    this.canvas.height = Math.max(1, Math.round(this.canvas.clientHeight * ratio));
    const { width, height } = this.canvas;
    this.#plan = new Plan(drive.racer.track, width, height, 10 * ratio);
    const ground = document.createElement("canvas");
    [ground.width, ground.height] = [width, height];
    const pen = ground.getContext("2d");
    if (pen) {
      pen.fillStyle = colour("scene-ground");
      pen.fillRect(0, 0, width, height);
      this.#plan.draw(pen, drive.state.boxes, { road: colour("scene-road"), edge: colour("scene-paint"), box: colour("scene-box-top") });
    }
    this.#painted = theme.revision;
    this.#colours = { model: colour("accent-shape"), car: colour("scene-car") };
    this.#size = `${this.canvas.clientWidth}x${this.canvas.clientHeight}`;
    return ground;
  }

  #draw(share: number): void {
    const [drive, pen] = [this.#drive, this.canvas.getContext("2d")];
    if (!drive || !pen) return;
    const size = `${this.canvas.clientWidth}x${this.canvas.clientHeight}`;
    if (!this.#ground || this.#painted !== theme.revision || size !== this.#size) this.#ground = this.#lay(drive);
    const plan = this.#plan!;
    pen.drawImage(this.#ground, 0, 0);
    const { model, car } = this.#colours;
    const at = between(drive.before, drive.motion, drive.ticks === 0 ? 1 : share, this.#pose);
    pen.strokeStyle = pen.fillStyle = model;
    pen.lineWidth = Math.max(2, 0.07 * plan.scale);
    pen.lineCap = "round";
    this.#trail.slice(1, -1).forEach(([x, y], i) => {
      const [fromX, fromY] = this.#trail[i]!;
      pen.globalAlpha = (0.7 * (i + 1)) / TRAIL;
      pen.beginPath();
      pen.moveTo(plan.x(fromX), plan.y(fromY));
      pen.lineTo(plan.x(x), plan.y(y));
      pen.stroke();
    });
    pen.globalAlpha = 1;
    const length = Math.max(7, 0.3 * plan.scale);
    pen.fillStyle = car;
    plan.car(pen, at.x, at.y, at.c, at.s, 1.35 * length);
    pen.fillStyle = model;
    plan.car(pen, at.x, at.y, at.c, at.s, length);
  }

  destroy(): void {
    clearTimeout(this.#timer);
    this.#loop.close();
  }
}
