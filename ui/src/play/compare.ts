/** Puts together what a replay shows: the attempt beside the model alone, or both champions from its start. */
import { api } from "../lib/api";
import { wordsOf, type Environment } from "../lib/environments";
import { runsOf } from "../lib/strip";
import { compareBoard, type BoardPicture } from "../snake/compareBoard";
import { fromBase64 } from "../sim/plain";
import { compareRoad, type RoadPicture } from "./compareRoad";

export type Beside = "alone" | "champions";

/** What an environment makes of a replay. */
export interface Comparison {
  picture: RoadPicture | BoardPicture;
  length: number;
  /** what a view has come to by a tick; empty while it goes on */
  told: (view: number, clock: number) => string;
}

/** An attempt's record. */
export interface Recorded {
  actions: Int8Array;
  /** per tick: 0 the model, 1 a person */
  drove: Uint8Array;
  /** first ticks of the takeovers */
  marks: number[];
}

export interface Shown extends Comparison, Recorded {
  environment: Environment;
  /** what stands over each view */
  captions: string[];
  /** tick at which watching begins */
  begin: number;
}

/** What is shown goes on this long past the end of one of both. */
export const LINGER_S = 1;

/** Throws Problem, or RangeError when the record does not fit this page. */
export async function compare(attempt: string, beside: Beside): Promise<Shown> {
  const replay = await api.replay(attempt);
  const { environment, champion_before: before } = replay;
  const drove = fromBase64(replay.actors);
  const marks = runsOf(drove).filter((run) => run.human).map((run) => run.from);
  const recorded = { actions: new Int8Array(fromBase64(replay.actions)), drove, marks };
  const after = beside === "alone" ? null : (replay.champion_after ?? (await api.campaign(replay.campaign_id)).champion_cid ?? before);
  const made = await (environment === "snake-v0" ? compareBoard : compareRoad)(replay, recorded, after);
  const begin = after === null ? Math.max(0, (marks[0] ?? 0) - wordsOf(environment).ticksPerS) : 0;
  return { ...made, ...recorded, environment, begin, captions: captionsOf(made.picture, before, after) };
}

function captionsOf({ kind }: RoadPicture | BoardPicture, before: string, after: string | null): string[] {
  const models = after === before ? ["The champion you played with", "It is still the champion"] : ["Old champion", "New champion"];
  if (kind === "board") return after === null ? ["Your attempt", "The model alone"] : [...models, "Your attempt"];
  return after === null ? ["Your attempt; the model alone as a ghost"] : models;
}
