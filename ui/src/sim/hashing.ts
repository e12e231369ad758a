/** The integer hash from which environments draw later events. Twin of `envs/hashing.py`. */

/** A 32-bit word scrambled. */
export function mixed(word: number): number {
  word ^= word >>> 16;
  word = Math.imul(word, 0x7feb352d);
  word ^= word >>> 15;
  word = Math.imul(word, 0x846ca68b);
  return (word ^ (word >>> 16)) >>> 0;
}
