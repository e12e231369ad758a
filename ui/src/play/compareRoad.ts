/** A replay on the road: who drives, and in which view. */
import type { Wire } from "../lib/api";
import { seconds } from "../lib/format";
import { conditionsOf } from "../sim/fresh";
import { plainState, stateOf } from "../sim/plain";
import { MAX_TICKS, Racer, TICKS_PER_S, type State } from "../sim/rules";
import type { Track } from "../sim/track";
import { loadDriver, loadTrack } from "./assets";
import { LINGER_S, type Comparison, type Recorded } from "./compare";
import { alone, recorded, stateBefore, type Actor } from "./runs";

export interface RoadPicture {
  kind: "road";
  track: Track;
  start: State;
  actors: Actor[];
  /** for each view the actor that its camera follows */
  leaders: number[];
}

const LINGER = LINGER_S * TICKS_PER_S;

export async function compareRoad(replay: Wire<"AttemptReplay">, attempt: Recorded, after: string | null): Promise<Comparison> {
  const plain = plainState(replay.start);
  const track = await loadTrack(plain.track);
  const racer = new Racer(track, conditionsOf(replay.config).car);
  const start = stateOf(plain);
  const { actions, drove } = attempt;
  const own: Actor = { run: recorded(racer, start, actions), trim: (tick) => (drove[tick] === 1 ? "hand" : "model"), ghost: false, views: [0] };
  const cast = after === null ? await ghosts(racer, start, own, attempt, replay.champion_before) : await champions(racer, start, own, [replay.champion_before, after]);
  const { actors, leaders } = cast;
  const longest = Math.max(...leaders.map((leader) => actors[leader]!.run.ticks));
  return {
    picture: { kind: "road", track, start, actors, leaders },
    length: Math.min(MAX_TICKS, longest + LINGER),
    told(view, clock) {
      const { run } = actors[leaders[view]!]!;
      if (clock < run.ticks) return "";
      return `${run.crashed ? "crashed" : "still driving"} after ${seconds(run.ticks / TICKS_PER_S)}`;
    },
  };
}

type Cast = Pick<RoadPicture, "actors" | "leaders">;

/** The attempt as it was, and from each takeover the model alone, translucent, until the next takeover. */
async function ghosts(racer: Racer, start: State, own: Actor, { actions, marks }: Recorded, champion: string): Promise<Cast> {
  const driver = await loadDriver(champion);
  const models = marks.map((mark, i): Actor => {
    const run = alone(racer, driver, stateBefore(racer, start, actions, mark), MAX_TICKS - mark, mark);
    return { run, trim: () => "model", ghost: true, views: [0], until: Math.min(marks[i + 1] ?? MAX_TICKS, mark + run.ticks + LINGER) };
  });
  return { actors: [own, ...models], leaders: [0] };
}

/** Old and new champion from the assigned start, the attempt as a ghost in both views. */
async function champions(racer: Racer, start: State, own: Actor, policies: string[]): Promise<Cast> {
  const drivers = await Promise.all(policies.map(loadDriver));
  const models = drivers.map((driver, view): Actor => ({ run: alone(racer, driver, start, MAX_TICKS), trim: () => "model", ghost: false, views: [view] }));
  return { actors: [...models, { ...own, trim: () => "hand", ghost: true, views: [0, 1] }], leaders: [0, 1] };
}
