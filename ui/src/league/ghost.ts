/** The way of another entry, driven beside one's own on the race's clock. Pure. */
import { C, MOTION, S, X, Y, type Motion } from "../sim/car";
import { TICKS_PER_S } from "../sim/rules";
import type { Track } from "../sim/track";
import { FRONT_AHEAD_M } from "../sim/trial";
import { between, type Pose } from "../play/drive";
import type { Run } from "../play/runs";

/** Points of the centre line, to either side of the last one, among which the next nearest is looked for. */
const WINDOW = 16;

export class Ghost {
  /** for each row the furthest that its front had come, metres from the start line */
  readonly #furthest: Float64Array;

  constructor(
    track: Track,
    readonly run: Run,
  ) {
    this.#furthest = furthest(track, run);
  }

  /** Where it is at a time of the race's clock, ms; it stays where it ended. */
  at(clock_ms: number, out: Pose): Pose {
    const { motions, ticks } = this.run;
    const at = Math.min(Math.max(0, (clock_ms * TICKS_PER_S) / 1000), ticks);
    const tick = Math.min(Math.floor(at), Math.max(0, ticks - 1));
    const row = (number: number): Motion => motions.subarray(number * MOTION, (number + 1) * MOTION);
    return between(row(tick), row(Math.min(tick + 1, ticks)), at - tick, out);
  }

  /** Milliseconds that a car at `metres` is behind it, negative ahead; null where it never came so far. */
  gap_ms(metres: number, clock_ms: number): number | null {
    const far = this.#furthest;
    let [low, high] = [0, far.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (far[middle]! < metres) low = middle + 1;
      else high = middle;
    }
    if (low === far.length) return null;
    const before = low === 0 ? far[0]! : far[low - 1]!;
    const within = far[low]! > before ? (metres - before) / (far[low]! - before) : 0;
    return clock_ms - (Math.max(0, low - 1 + within) * 1000) / TICKS_PER_S;
  }
}

function furthest({ centre, tangent, points, spacing }: Track, { motions, ticks }: Run): Float64Array {
  const found = new Float64Array(ticks + 1);
  /** nearest point of the centre line, counted on from lap to lap */
  let waypoint = 0;
  let most = -Infinity;
  for (let row = 0; row <= ticks; row++) {
    const [x, y, c, s] = [X, Y, C, S].map((axis) => motions[row * MOTION + axis]!) as [number, number, number, number];
    const offset = (point: number): [number, number, number] => {
      const at = ((point % points) + points) % points;
      return [at, x - centre[2 * at]!, y - centre[2 * at + 1]!];
    };
    let nearest = Infinity;
    const from = waypoint;
    for (let point = from - WINDOW; point <= from + WINDOW; point++) {
      const [at, dx, dy] = offset(point);
      const gap = dx * dx + dy * dy;
      // Where the road crosses itself, the other branch goes another way.
      if (gap >= nearest || c * tangent[2 * at]! + s * tangent[2 * at + 1]! < 0) continue;
      nearest = gap;
      waypoint = point;
    }
    const [at, dx, dy] = offset(waypoint);
    const along = waypoint * spacing + dx * tangent[2 * at]! + dy * tangent[2 * at + 1]!;
    most = Math.max(most, along + FRONT_AHEAD_M);
    found[row] = most;
  }
  return found;
}
