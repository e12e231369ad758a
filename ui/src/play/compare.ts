/** Puts together what a replay shows: who drives, in which view, what is said about it. */
import { api, type Wire } from "../lib/api";
import { conditionsOf } from "../sim/fresh";
import { fromBase64, plainState, stateOf } from "../sim/plain";
import { MAX_TICKS, Racer, TICKS_PER_S, type State } from "../sim/rules";
import type { Track } from "../sim/track";
import { loadDriver, loadTrack } from "./assets";
import { alone, recorded, stateBefore, type Actor } from "./runs";
import { runsOf } from "../lib/strip";

export type Beside = "alone" | "champions";

export interface Comparison {
  track: Track;
  start: State;
  actors: Actor[];
  leaders: number[];
  /** what stands over each view */
  captions: string[];
  /** who drove the attempt, per tick */
  drove: Uint8Array;
  /** first ticks of the takeovers */
  marks: number[];
  length: number;
  /** tick at which watching begins */
  begin: number;
}

/** The model alone is followed this long past the crash of one of both. */
const LINGER = TICKS_PER_S;

export async function compare(attempt: string, beside: Beside): Promise<Comparison> {
  const replay = await api.replay(attempt);
  const plain = plainState(replay.start);
  const track = await loadTrack(plain.track);
  const racer = new Racer(track, conditionsOf(replay.config).car);
  const start = stateOf(plain);
  const actions = new Int8Array(fromBase64(replay.actions));
  const drove = fromBase64(replay.actors);
  const own: Actor = { run: recorded(racer, start, actions), trim: (tick) => (drove[tick] === 1 ? "hand" : "model"), ghost: false, views: [0] };
  const marks = runsOf(drove).filter((run) => run.human).map((run) => run.from);
  const shared = { track, start, drove, marks };
  return beside === "champions" ? champions(replay, racer, own, shared) : ghosts(replay, racer, own, actions, shared);
}

type Shared = Pick<Comparison, "track" | "start" | "drove" | "marks">;

/** The attempt as it was, and from each takeover the model alone, translucent, until the next takeover. */
async function ghosts(replay: Wire<"AttemptReplay">, racer: Racer, own: Actor, actions: Int8Array, shared: Shared): Promise<Comparison> {
  const driver = await loadDriver(replay.champion_before);
  const actors = [own];
  shared.marks.forEach((mark, i) => {
    const run = alone(racer, driver, stateBefore(racer, shared.start, actions, mark), MAX_TICKS - mark, mark);
    const next = shared.marks[i + 1] ?? MAX_TICKS;
    actors.push({ run, trim: () => "model", ghost: true, views: [0], until: Math.min(next, mark + run.ticks + LINGER) });
  });
  const length = Math.min(MAX_TICKS, own.run.ticks + LINGER);
  const begin = Math.max(0, (shared.marks[0] ?? 0) - TICKS_PER_S);
  return { ...shared, actors, leaders: [0], captions: ["Your attempt; the model alone as a ghost"], length, begin };
}

/** Old and new champion from the assigned start, the attempt as a ghost in both views. */
async function champions(replay: Wire<"AttemptReplay">, racer: Racer, own: Actor, shared: Shared): Promise<Comparison> {
  const before = replay.champion_before;
  const after = replay.champion_after ?? (await api.campaign(replay.campaign_id)).champion_cid ?? before;
  const drivers = await Promise.all([loadDriver(before), loadDriver(after)]);
  const runs = drivers.map((driver) => alone(racer, driver, shared.start, MAX_TICKS));
  const models = runs.map((run, view): Actor => ({ run, trim: () => "model", ghost: false, views: [view] }));
  const ghost: Actor = { ...own, trim: () => "hand", ghost: true, views: [0, 1] };
  const length = Math.min(MAX_TICKS, Math.max(...runs.map((run) => run.ticks)) + LINGER);
  const captions = after === before ? ["The champion you drove with", "It is still the champion"] : ["Old champion", "New champion"];
  return { ...shared, actors: [...models, ghost], leaders: [0, 1], captions, length, begin: 0 };
}
