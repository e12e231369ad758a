/** What the lines of an experiment's charts stand for. */
import type { Mark } from "../lib/plot";

export const ARMS: readonly Mark[] = [
  { look: "model", words: "with your games" },
  { look: "beside", words: "without" },
];
export const BASE: Mark = { look: "before", words: "before" };
export const YOU: Mark = { look: "hand", words: "you" };
