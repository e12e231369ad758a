/** With `?debug` in the address, a read-only look at the running attempt for tests and measurements. */
import type { Game } from "./game.svelte";
import type { Loop } from "./loop";

interface Spread {
  median: number;
  p95: number;
  most: number;
}

export interface DebugState {
  phase: string;
  ticks: number;
  by_hand: boolean;
  motion: number[];
  /** where the hands have the wheel and the pedal now, in [-1, 1] */
  command: [steer: number, throttle: number];
  waypoint: number;
  track: string | null;
  boxes: number[];
  attempt: { id: string; status: string; value: number | null } | null;
  /** script time of control ticks and frames of the running visit, ms */
  tick_ms: Spread;
  frame_ms: Spread;
  frames: number;
}

declare global {
  interface Window {
    __manyhands?: { readonly state: DebugState };
  }
}

/** Of the last values; a machine that is busy with other things shows in the upper ones first. */
function summary(values: ArrayLike<number>, count: number): Spread {
  const known = Array.from(values).slice(0, Math.max(1, count)).sort((a, b) => a - b);
  const at = (share: number): number => known[Math.min(known.length - 1, Math.floor(share * known.length))]!;
  return { median: at(0.5), p95: at(0.95), most: at(1) };
}

/** Returns the end of it. */
export function expose(game: Game, loop: Loop): () => void {
  const ticks_ms = new Float32Array(1024);
  let counted = 0;
  let last = 0;
  const timer = setInterval(() => {
    const drive = game.drive;
    if (drive && drive.ticks !== last) {
      ticks_ms[counted++ % ticks_ms.length] = drive.tick_ms;
      last = drive.ticks;
    }
  }, 20);
  window.__manyhands = {
    get state(): DebugState {
      const { drive, followed } = game;
      const attempt = followed?.attempt;
      return {
        phase: game.phase,
        ticks: game.ticks,
        by_hand: game.byHand,
        motion: drive ? [...drive.motion] : [],
        command: [game.hands.steer, game.hands.throttle],
        waypoint: drive?.state.waypoint ?? 0,
        track: drive?.racer.track.id ?? null,
        boxes: drive ? [...drive.state.boxes] : [],
        attempt: attempt ? { id: attempt.id, status: attempt.status, value: attempt.value } : null,
        tick_ms: summary(ticks_ms, Math.min(counted, ticks_ms.length)),
        frame_ms: summary(loop.frames_ms, Math.min(loop.frames, loop.frames_ms.length)),
        frames: loop.frames,
      };
    },
  };
  return () => {
    clearInterval(timer);
    delete window.__manyhands;
  };
}
