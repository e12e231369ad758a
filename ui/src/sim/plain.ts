/** The JSON form of a start (`to_plain` of the racer's task) and of an attempt's bytes. */
import { emptyMotion, type State } from "./rules";

const FIELDS = ["x", "y", "c", "s", "v", "steer", "yaw"] as const;

export interface PlainState {
  track: string;
  waypoint: number;
  along: number;
  motion: Record<(typeof FIELDS)[number], number>;
  boxes: number[][];
  patches: number[][];
  light: number[];
}

/** A start as the wire carries it. Throws RangeError naming the field that is missing. */
export function plainState(start: Record<string, unknown>): PlainState {
  for (const field of ["track", "waypoint", "along", "motion", "boxes", "patches", "light"]) {
    if (start[field] === undefined) throw new RangeError(`The start has no ${field}; reload the page.`);
  }
  return start as unknown as PlainState;
}

export function stateOf(plain: PlainState): State {
  const motion = emptyMotion();
  FIELDS.forEach((name, at) => (motion[at] = plain.motion[name]));
  return {
    waypoint: plain.waypoint,
    along: plain.along,
    motion,
    boxes: Float32Array.from(plain.boxes.flat()),
    patches: Float32Array.from(plain.patches.flat()),
    light: Float32Array.from(plain.light),
  };
}

export function toBase64(bytes: Uint8Array | Int8Array): string {
  let letters = "";
  for (const byte of bytes) letters += String.fromCharCode(byte & 255);
  return btoa(letters);
}

export function fromBase64(text: string): Uint8Array {
  return Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
}
