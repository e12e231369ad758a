/** The vectors that Python and TypeScript share, read from `tests/vectors`. */
import { readFileSync } from "node:fs";
import { inflateSync } from "node:zlib";
import { trackOf, type Track } from "../../src/sim/track";

export function vectors<T>(name: string, environment = "racer"): T {
  return JSON.parse(readFileSync(new URL(`../../../tests/vectors/${environment}-${name}.json`, import.meta.url), "utf8")) as T;
}

interface TrackVector {
  id: string;
  name: string;
  spacing_m: number;
  centre: number[];
  tangent: number[];
  half_width: number[];
  shape: [number, number];
  grid_zlib: string;
}

const pairs = (flat: number[]): [number, number][] => Array.from({ length: flat.length / 2 }, (_, i) => [flat[2 * i]!, flat[2 * i + 1]!]);

export function track(id: string): Track {
  const found = vectors<{ tracks: TrackVector[] }>("track").tracks.find((one) => one.id === id);
  if (!found) throw new Error(`no vector of track ${id}`);
  const grid = { size_x: found.shape[0], size_y: found.shape[1] };
  const data = { ...found, centre_m: pairs(found.centre), tangent: pairs(found.tangent), half_widths_m: found.half_width, grid };
  return trackOf(data, new Int8Array(inflateSync(Buffer.from(found.grid_zlib, "base64"))));
}

export function bytes(base64: string): Uint8Array {
  return new Uint8Array(Buffer.from(base64, "base64"));
}
