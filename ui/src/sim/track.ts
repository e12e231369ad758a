/** A closed road as the simulator reads it: centre line, half widths and the byte grid. */

export const CELL_M = 0.04;
export const CELLS_PER_M = Math.fround(1 / CELL_M);
/** one unit of the grid's byte, in cells */
export const CELLS_PER_STEP = Math.fround(0.005 / CELL_M);

export interface Track {
  id: string;
  name: string;
  points: number;
  /** (points, 2), metres, in driving order */
  centre: Float32Array;
  /** (points, 2), unit vectors along the road */
  tangent: Float32Array;
  /** (points,), metres */
  halfWidth: Float32Array;
  spacing: number;
  /** (columns, rows), signed distance to the edge of the road in units of 5 mm */
  grid: Int8Array;
  columns: number;
  rows: number;
}

/** What `GET /tracks/{id}` answers, as far as the simulator needs it. */
export interface TrackData {
  id: string;
  name: string;
  spacing_m: number;
  centre_m: [number, number][];
  tangent: [number, number][];
  half_widths_m: number[];
  grid: { size_x: number; size_y: number };
}

/** The same road in the other direction; the start line stays where it is. */
export function turned(track: Track): Track {
  const { points } = track;
  const from = Int32Array.from({ length: points }, (_, at) => (points - at) % points);
  const back = (values: Float32Array, wide: number): Float32Array => {
    const out = new Float32Array(values.length);
    from.forEach((point, at) => out.set(values.subarray(wide * point, wide * (point + 1)), wide * at));
    return out;
  };
  return {
    ...track,
    centre: back(track.centre, 2),
    tangent: back(track.tangent, 2).map((part) => -part),
    halfWidth: back(track.halfWidth, 1),
  };
}

/** Join geometry and raster. Throws RangeError when the raster has another size than the geometry says. */
export function trackOf(data: TrackData, grid: Int8Array): Track {
  const { size_x: columns, size_y: rows } = data.grid;
  if (grid.length !== columns * rows) {
    throw new RangeError(`The raster of track ${data.id} has ${grid.length} cells instead of ${columns}x${rows}; reload the page.`);
  }
  return {
    id: data.id,
    name: data.name,
    points: data.half_widths_m.length,
    centre: Float32Array.from(data.centre_m.flat()),
    tangent: Float32Array.from(data.tangent.flat()),
    halfWidth: Float32Array.from(data.half_widths_m),
    spacing: Math.fround(data.spacing_m),
    grid,
    columns,
    rows,
  };
}
