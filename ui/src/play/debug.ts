/** With `?debug` in the address, a read-only look at the running attempt for tests and measurements. */
import type { SnakeAttempt } from "../snake/attempt";
import { Drive } from "./drive";
import type { Game } from "./game.svelte";
import type { Loop } from "./loop";
import type { RoadSeat } from "./roadSeat";

interface Spread {
  median: number;
  p95: number;
  most: number;
}

interface RoadState {
  motion: number[];
  /** where the hands have the wheel and the pedal now, in [-1, 1] */
  command: [steer: number, throttle: number];
  waypoint: number;
  track: string | null;
  boxes: number[];
}

interface BoardState {
  head: number;
  heading: number;
  length: number;
  food: number;
  /** directions, as the rules count headings, that would not end the game at once */
  free: number[];
  width: number;
}

interface SessionState {
  phase: string;
  ticks: number;
  by_hand: boolean;
  attempt: { id: string; status: string; value: number | null } | null;
  /** script time of control ticks and frames of the running visit, ms */
  tick_ms: Spread;
  frame_ms: Spread;
  frames: number;
}

export type DebugState = SessionState & Partial<RoadState & BoardState>;

declare global {
  interface Window {
    __manyhands?: { readonly state: Partial<DebugState> };
  }
}

/** Of the last values; a machine that is busy with other things shows in the upper ones first. */
function summary(values: ArrayLike<number>, count: number): Spread {
  const known = Array.from(values).slice(0, Math.max(1, count)).sort((a, b) => a - b);
  const at = (share: number): number => known[Math.min(known.length - 1, Math.floor(share * known.length))]!;
  return { median: at(0.5), p95: at(0.95), most: at(1) };
}

/** Returns the end of it. */
export function exposeRoad(game: Game, { hands }: RoadSeat, loop: Loop): () => void {
  return expose(game, loop, (): RoadState => {
    const drive = game.attempt instanceof Drive ? game.attempt : null;
    return {
      motion: drive ? [...drive.motion] : [],
      command: [hands.steer, hands.throttle],
      waypoint: drive?.state.waypoint ?? 0,
      track: drive?.racer.track.id ?? null,
      boxes: drive ? [...drive.state.boxes] : [],
    };
  });
}

/** Returns the end of it. */
export function exposeBoard(game: Game, attempt: () => SnakeAttempt | null, loop: Loop): () => void {
  return expose(game, loop, (): Partial<BoardState> => {
    const snake = attempt()?.game;
    if (!snake) return {};
    const { head, heading, length, food, board } = snake;
    const free = ([0, 1, -1] as const).filter((turn) => !snake.deadly(turn)).map((turn) => (heading + turn + 4) % 4);
    return { head, heading, length, food, free, width: board.width };
  });
}

function expose(game: Game, loop: Loop, world: () => Partial<RoadState & BoardState>): () => void {
  const ticks_ms = new Float32Array(1024);
  let counted = 0;
  let last = 0;
  const timer = setInterval(() => {
    const { attempt } = game;
    if (attempt && attempt.ticks !== last) {
      ticks_ms[counted++ % ticks_ms.length] = attempt.tick_ms;
      last = attempt.ticks;
    }
  }, 20);
  window.__manyhands = {
    get state(): DebugState {
      const attempt = game.followed?.attempt;
      return {
        phase: game.phase,
        ticks: game.ticks,
        by_hand: game.byHand,
        ...world(),
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
