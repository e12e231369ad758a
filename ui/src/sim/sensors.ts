/**
 * What the car sees: `lidar` beams and a first-person grey `camera`, both read from the track's byte grid.
 *
 * Twin of `envs/racer/sensors.py`. Both write into buffers of their own, so that a tick allocates nothing.
 */
import { C, MOTION, S, X, Y, type Motion } from "./car";
import { CELL_M, CELLS_PER_M, CELLS_PER_STEP, type Track } from "./track";

const f = Math.fround;

export const BOX_HALF_M = f(0.12);
/** half length and half width of a box */
export type Half = readonly [number, number];
const SQUARE: Half = [BOX_HALF_M, BOX_HALF_M];
const FAR = f(1e9);
const SMALL = f(1e-6);
const CELL = f(CELL_M);

/** What may stand or lie on the road: boxes (n, 4) x, y, cos, sin; patches (n, 4) x, y, radius, grip; light (4,). */
export interface Surroundings {
  boxes: Float32Array;
  patches: Float32Array;
  light: Float32Array;
  /** of all boxes as sensors see them, float32; absent: BOX_HALF_M both ways */
  half?: Half;
}

/** Distance along a ray at which it enters the box around the origin; FAR where it misses. */
function slab(originX: number, originY: number, dirX: number, dirY: number, half: Half): number {
  const ix = f(1 / (Math.abs(dirX) < SMALL ? SMALL : dirX));
  const iy = f(1 / (Math.abs(dirY) < SMALL ? SMALL : dirY));
  const ax = f(f(-half[0] - originX) * ix);
  const bx = f(f(half[0] - originX) * ix);
  const ay = f(f(-half[1] - originY) * iy);
  const by = f(f(half[1] - originY) * iy);
  const enter = Math.max(Math.min(ax, bx), Math.min(ay, by));
  const leave = Math.min(Math.max(ax, bx), Math.max(ay, by));
  return enter <= leave && leave > 0 ? Math.max(enter, 0) : FAR;
}

/** Smallest `slab` distance of a ray to any of the boxes. */
export function nearestBox(boxes: Float32Array, x: number, y: number, dirX: number, dirY: number, half: Half = SQUARE): number {
  let nearest = FAR;
  for (let at = 0; at < boxes.length; at += 4) {
    const px = f(x - boxes[at]!);
    const py = f(y - boxes[at + 1]!);
    const c = boxes[at + 2]!;
    const s = boxes[at + 3]!;
    const localX = f(f(px * c) + f(py * s));
    const localY = f(f(py * c) - f(px * s));
    const rayX = f(f(dirX * c) + f(dirY * s));
    const rayY = f(f(dirY * c) - f(dirX * s));
    nearest = Math.min(nearest, slab(localX, localY, rayX, rayY, half));
  }
  return nearest;
}

export interface LidarSpec {
  beams: number;
  spread_rad: number;
  marches: number;
}

/** `beams` rays spread evenly over ±`spread_rad`; values t / (1 + t) of the distance t in metres. */
export class Lidar {
  readonly values: Float32Array;
  /** (beams, 2) cosine and sine of each beam against the heading */
  readonly directions: Float32Array;

  /** what a policy is told */
  readonly told: Float32Array;

  constructor(
    readonly spec: LidarSpec,
    told?: number,
  ) {
    this.values = new Float32Array(spec.beams);
    this.told = told === undefined ? this.values : new Float32Array(told);
    this.directions = new Float32Array(2 * spec.beams);
    const step = (2 * spec.spread_rad) / (spec.beams - 1);
    for (let beam = 0; beam < spec.beams; beam++) {
      const angle = beam === spec.beams - 1 ? spec.spread_rad : beam * step - spec.spread_rad;
      this.directions[2 * beam] = Math.cos(angle);
      this.directions[2 * beam + 1] = Math.sin(angle);
    }
  }

  scan(track: Track, motion: Motion, boxes: Float32Array, half: Half = SQUARE): Float32Array {
    const { grid, rows } = track;
    const last = grid.length - 1;
    const x = motion[X]!;
    const y = motion[Y]!;
    const c = motion[C]!;
    const s = motion[S]!;
    const cellX = f(x * CELLS_PER_M);
    const cellY = f(y * CELLS_PER_M);
    for (let beam = 0; beam < this.spec.beams; beam++) {
      const beamC = this.directions[2 * beam]!;
      const beamS = this.directions[2 * beam + 1]!;
      const dirX = f(f(c * beamC) - f(s * beamS));
      const dirY = f(f(s * beamC) + f(c * beamS));
      let far = 0;
      for (let march = 0; march < this.spec.marches; march++) {
        const ix = Math.trunc(f(cellX + f(dirX * far)));
        const iy = Math.trunc(f(cellY + f(dirY * far)));
        const free = grid[Math.min(Math.max(ix * rows + iy, 0), last)]!;
        if (free <= 4) break; // within 2 cm of the edge it stays where it is
        far = f(far + f(free * CELLS_PER_STEP));
      }
      const seen = Math.min(f(far * CELL), nearestBox(boxes, x, y, dirX, dirY, half));
      this.values[beam] = f(seen / f(1 + seen));
    }
    return this.values;
  }
}

export interface SectorSpec extends LidarSpec {
  sectors: number;
  levels: number;
  within_m: number;
}

/** A lidar of which a policy is told the nearest distance in each sector, coarsely. */
export class SectorLidar extends Lidar {
  /** values t / (1 + t) between which the bands lie */
  readonly #borders: Float32Array;

  constructor(override readonly spec: SectorSpec) {
    super(spec, spec.sectors * spec.levels);
    const { levels, within_m } = spec;
    this.#borders = Float32Array.from({ length: Math.max(1, levels - 1) }, (_, band) => {
      const metres = (within_m * (band + 1)) / levels;
      return metres / (1 + metres);
    });
  }

  override scan(track: Track, motion: Motion, boxes: Float32Array, half: Half = SQUARE): Float32Array {
    super.scan(track, motion, boxes, half);
    const { sectors, levels, beams } = this.spec;
    const each = beams / sectors;
    this.told.fill(0);
    for (let sector = 0; sector < sectors; sector++) {
      let nearest = 1;
      for (let beam = sector * each; beam < (sector + 1) * each; beam++) nearest = Math.min(nearest, this.values[beam]!);
      const band = this.#borders.filter((border) => nearest >= border).length;
      if (levels > 1) this.told[sector * levels + band] = 1;
      else if (band === 0) this.told[sector] = 1;
    }
    return this.values;
  }
}

export interface CameraSpec {
  width: number;
  height: number;
  /** focal length over picture width */
  focal: number;
  mount_m: number;
  box_height_m: number;
}

const ROAD = f(0.3);
const GROUND = f(0.55);
const EDGE = f(0.92);
const BOX = f(0.04);
const WET = f(0.12);
const SPECKLE = f(1 / 31);
const BRIGHTEST = 255.5;

/** Grey picture, row-major (height, width); the top row looks one row below the horizon. */
export class Camera {
  readonly pixels: Uint8Array;
  /** what a policy is told, (height, width, values of a pixel) */
  readonly told: Uint8Array;
  readonly #ahead: Float32Array;
  readonly #aside: Float32Array;
  readonly #hit: Float32Array;
  #patchAhead = new Float32Array(0);
  #patchAside = new Float32Array(0);
  #room = new Float32Array(0);

  constructor(
    readonly spec: CameraSpec,
    depth = 1,
  ) {
    const { width, height, focal, mount_m } = spec;
    this.pixels = new Uint8Array(width * height);
    this.told = depth === 1 ? this.pixels : new Uint8Array(width * height * depth);
    this.#hit = new Float32Array(width);
    const focal_px = focal * width;
    this.#ahead = Float32Array.from({ length: height }, (_, row) => (mount_m * focal_px) / (row + 1));
    this.#aside = Float32Array.from({ length: width }, (_, column) => (0.5 * (width - 1) - column) / focal_px);
  }

  picture(track: Track, motion: Motion, around: Surroundings): Uint8Array {
    const { width, height, box_height_m, mount_m } = this.spec;
    const x = motion[X]!;
    const y = motion[Y]!;
    const c = motion[C]!;
    const s = motion[S]!;
    for (let column = 0; column < width; column++) {
      const slope = this.#aside[column]!;
      this.#hit[column] = nearestBox(around.boxes, x, y, f(c - f(s * slope)), f(s + f(c * slope)), around.half);
    }
    const topShare = f(1 - box_height_m / mount_m);
    const gain = f(around.light[0]! * 255);
    const bias = f(f(around.light[1]! * 255) + 0.5);
    this.#findPatches(motion, around.patches);
    const [acrossX, acrossY] = [f(s * CELLS_PER_M), f(c * CELLS_PER_M)];
    let at = 0;
    for (let row = 0; row < height; row++) {
      const ahead = this.#ahead[row]!;
      const rowX = f(f(x + f(c * ahead)) * CELLS_PER_M);
      const rowY = f(f(y + f(s * ahead)) * CELLS_PER_M);
      const top = f(ahead * topShare);
      this.#measureRooms(ahead, around.patches);
      for (let column = 0; column < width; column++, at++) {
        const aside = f(ahead * this.#aside[column]!);
        const ix = Math.trunc(f(rowX - f(acrossX * aside))) | 0;
        const iy = Math.trunc(f(rowY + f(acrossY * aside))) | 0;
        let tone = this.#ground(track, ix, iy, aside, around.light);
        const hit = this.#hit[column]!;
        if (hit < ahead && hit >= top) tone = BOX;
        const lit = f(f(tone * gain) + bias);
        this.pixels[at] = Math.trunc(lit < 0 ? 0 : lit > BRIGHTEST ? BRIGHTEST : lit);
      }
    }
    return this.pixels;
  }

  /** Where the patches lie, measured from the car. */
  #findPatches(motion: Motion, patches: Float32Array): void {
    const count = patches.length / 4;
    if (this.#patchAhead.length !== count) {
      this.#patchAhead = new Float32Array(count);
      this.#patchAside = new Float32Array(count);
      this.#room = new Float32Array(count);
    }
    const c = motion[C]!;
    const s = motion[S]!;
    for (let index = 0; index < count; index++) {
      const px = f(patches[4 * index]! - motion[X]!);
      const py = f(patches[4 * index + 1]! - motion[Y]!);
      this.#patchAhead[index] = f(f(px * c) + f(py * s));
      this.#patchAside[index] = f(f(py * c) - f(px * s));
    }
  }

  /** What each patch's radius leaves to the sides at a distance ahead, squared; negative: nothing. */
  #measureRooms(ahead: number, patches: Float32Array): void {
    for (let index = 0; index < this.#room.length; index++) {
      const off = f(ahead - this.#patchAhead[index]!);
      const radius = patches[4 * index + 2]!;
      this.#room[index] = f(f(radius * radius) - f(off * off));
    }
  }

  /** Tone of the ground in a cell: road or not, speckled, wet or painted. */
  #ground(track: Track, ix: number, iy: number, aside: number, light: Float32Array): number {
    const column = ix < 0 ? 0 : ix >= track.columns ? track.columns - 1 : ix;
    const row = iy < 0 ? 0 : iy >= track.rows ? track.rows - 1 : iy;
    const inside = track.grid[column * track.rows + row]!;
    if (inside <= 8 && inside >= -8) return EDGE;
    const mixed = (9 * (ix - iy) + 19 * (ix ^ iy) + Math.trunc(light[2]!)) & 31;
    const tone = f((inside > 0 ? ROAD : GROUND) + f(f(f(mixed * SPECKLE) - 0.5) * light[3]!));
    return inside > 0 && this.#isWet(aside) ? f(tone - WET) : tone;
  }

  #isWet(aside: number): boolean {
    for (let index = 0; index < this.#room.length; index++) {
      const beside = f(aside - this.#patchAside[index]!);
      if (f(beside * beside) < this.#room[index]!) return true;
    }
    return false;
  }
}

export interface StereoSpec extends CameraSpec {
  baseline_m: number;
}

/** Two cameras side by side; `pixels` is what the left one saw. */
export class StereoCamera extends Camera {
  readonly #from = new Float32Array(MOTION);

  constructor(override readonly spec: StereoSpec) {
    super(spec, 2);
  }

  override picture(track: Track, motion: Motion, around: Surroundings): Uint8Array {
    for (const side of [1, 0]) {
      const left = f((side === 0 ? 0.5 : -0.5) * this.spec.baseline_m);
      this.#from.set(motion);
      this.#from[X] = f(motion[X]! - f(motion[S]! * left));
      this.#from[Y] = f(motion[Y]! + f(motion[C]! * left));
      super.picture(track, this.#from, around);
      for (let at = 0; at < this.pixels.length; at++) this.told[2 * at + side] = this.pixels[at]!;
    }
    return this.pixels;
  }
}
