/** With `?debug` in the address, a read-only look at the running game for tests and measurements. */
import type { Loop } from "../play/loop";
import type { Play } from "./play.svelte";

export interface SnakeState {
  phase: string;
  number: number;
  seed: number;
  steps: number;
  score: number;
  recorded: number;
  head: number;
  heading: number;
  food: number;
  length: number;
  /** whether straight, right, left would end the game */
  deadly: [straight: boolean, right: boolean, left: boolean];
  frames: number;
  /** longest script time of the last frames, ms */
  frame_ms: number;
}

declare global {
  interface Window {
    __snake?: { readonly state: SnakeState };
  }
}

/** Returns the end of it. */
export function expose(play: Play, loop: Loop): () => void {
  window.__snake = {
    get state(): SnakeState {
      const { game } = play;
      return {
        phase: play.phase,
        number: play.number,
        seed: game.seed,
        steps: game.steps,
        score: game.eaten,
        recorded: play.recorded,
        head: game.head,
        heading: game.heading,
        food: game.food,
        length: game.length,
        deadly: [game.deadly(0), game.deadly(1), game.deadly(-1)],
        frames: loop.frames,
        frame_ms: Math.max(...loop.frames_ms),
      };
    },
  };
  return () => delete window.__snake;
}
