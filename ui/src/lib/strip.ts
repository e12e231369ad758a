/** The blue and orange strip: who held the wheel at every tick of an attempt. */

export interface Run {
  human: boolean;
  /** first tick of the run */
  from: number;
  ticks: number;
}

/** base64 of one byte per tick → 0 policy, 1 human. */
export function decodeActors(base64: string): Uint8Array {
  return Uint8Array.from(atob(base64), (letter) => letter.charCodeAt(0));
}

/** Neighbouring ticks of the same driver, joined. */
export function runsOf(actors: ArrayLike<number>): Run[] {
  const runs: Run[] = [];
  for (let tick = 0; tick < actors.length; tick++) {
    const human = actors[tick] === 1;
    const last = runs[runs.length - 1];
    if (last && last.human === human) last.ticks += 1;
    else runs.push({ human, from: tick, ticks: 1 });
  }
  return runs;
}

export function humanTicks(actors: ArrayLike<number>): number {
  let held = 0;
  for (let tick = 0; tick < actors.length; tick++) held += actors[tick] === 1 ? 1 : 0;
  return held;
}

/** The strip in words, for those who do not see it: "12.0 s; your hands 2.1–4.0 s and 7.5–8.2 s". */
export function describe(actors: ArrayLike<number>, whose: string, ticksPerS: number): string {
  const at = (tick: number): string => (tick / ticksPerS).toFixed(1);
  const held = runsOf(actors).filter((run) => run.human);
  const spans = held.map((run) => `${at(run.from)}–${at(run.from + run.ticks)} s`);
  const length = `${at(actors.length)} s`;
  if (spans.length === 0) return `${length}; the model drove all of it`;
  const last = spans.pop() ?? "";
  return `${length}; ${whose} ${spans.length ? `${spans.join(", ")} and ${last}` : last}`;
}
