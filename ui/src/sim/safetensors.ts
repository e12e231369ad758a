/** The safetensors container: eight bytes of header length, a JSON header, raw little-endian arrays. */

export interface Tensors {
  metadata: Record<string, string>;
  arrays: Map<string, { shape: number[]; data: Float32Array }>;
}

interface Entry {
  dtype: string;
  shape: number[];
  data_offsets: [number, number];
}

const MAX_HEADER_BYTES = 1_000_000;

/** Read float32 arrays. Throws RangeError when the bytes are no such file. */
export function readTensors(bytes: ArrayBuffer): Tensors {
  const length = bytes.byteLength < 8 ? Infinity : Number(new DataView(bytes).getBigUint64(0, true));
  if (length > Math.min(MAX_HEADER_BYTES, bytes.byteLength - 8)) throw new RangeError("The policy's file is cut short; reload the page.");
  const header = JSON.parse(new TextDecoder().decode(new Uint8Array(bytes, 8, length))) as Record<string, unknown>;
  const { __metadata__: metadata = {}, ...entries } = header as { __metadata__?: Record<string, string> } & Record<string, Entry>;
  const arrays: Tensors["arrays"] = new Map();
  for (const [name, { dtype, shape, data_offsets }] of Object.entries(entries as Record<string, Entry>)) {
    if (dtype !== "F32") throw new RangeError(`Array ${name} of the policy is ${dtype} where F32 is expected.`);
    const [from, to] = data_offsets;
    const count = shape.reduce((all, side) => all * side, 1);
    if (to - from !== 4 * count || 8 + length + to > bytes.byteLength) throw new RangeError(`Array ${name} of the policy is cut short.`);
    // Copied, for a view would need an offset that is a multiple of four.
    arrays.set(name, { shape, data: new Float32Array(bytes.slice(8 + length + from, 8 + length + to)) });
  }
  return { metadata: metadata as Record<string, string>, arrays };
}
