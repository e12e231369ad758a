import type * as garage from "../garage/wire";
import type * as lab from "../lab/wire";
import type * as league from "../league/wire";
import type { components } from "./wire";
import { asProblem, problemOf } from "./problem";

type Schemas = components["schemas"];
export type Wire<Name extends keyof Schemas> = Schemas[Name];

interface Options {
  body?: unknown;
  /** a body that is a file */
  file?: Blob;
  /** a body that is JSON already */
  text?: string;
  /** the request outlives the page; browsers allow 64 KiB */
  keepalive?: boolean;
  headers?: Record<string, string>;
  signal?: AbortSignal;
}

async function send(method: string, path: string, { body, file, text, keepalive, headers, signal }: Options): Promise<Response> {
  const sent = file ?? text ?? (body === undefined ? undefined : JSON.stringify(body));
  const type = file ? "application/octet-stream" : "application/json";
  let response: Response;
  try {
    response = await fetch(`/api${path}`, {
      method,
      credentials: "same-origin",
      headers: { Accept: "application/json", ...(sent === undefined ? {} : { "Content-Type": type }), ...headers },
      ...(sent === undefined ? {} : { body: sent }),
      ...(keepalive ? { keepalive } : {}),
      ...(signal ? { signal } : {}),
    });
  } catch (error) {
    throw asProblem(error);
  }
  if (!response.ok) throw await problemOf(response);
  return response;
}

async function call<T>(method: string, path: string, options: Options = {}): Promise<T> {
  const response = await send(method, path, options);
  return response.status === 204 ? (undefined as T) : ((await response.json()) as T);
}

const id = encodeURIComponent;
const page = (cursor?: string | null): string => (cursor ? `?cursor=${id(cursor)}` : "");

/** The public interface, one function for each endpoint the page uses. Every one throws `Problem`. */
export const api = {
  startSession: (name?: string) => call<Wire<"Me">>("POST", "/session", { body: { consent: true, ...(name ? { name } : {}) } }),
  recover: (code: string) => call<Wire<"Me">>("POST", "/session/recover", { body: { code } }),
  me: () => call<Wire<"Me">>("GET", "/me"),
  rename: (name: string) => call<Wire<"Me">>("PATCH", "/me", { body: { name } }),
  recoveryCode: () => call<Wire<"RecoveryCode">>("POST", "/me/recovery"),
  statement: (cursor?: string | null) => call<Wire<"Statement">>("GET", `/me/statement${page(cursor)}`),
  myAttempts: (cursor?: string | null) => call<Wire<"Attempts">>("GET", `/me/attempts${page(cursor)}`),
  withdrawData: () => call<Wire<"DataWithdrawn">>("DELETE", "/me/data"),

  campaigns: () => call<Wire<"Campaigns">>("GET", "/campaigns"),
  campaign: (campaign: string) => call<Wire<"Campaign">>("GET", `/campaigns/${id(campaign)}`),
  createCampaign: (body: Wire<"CampaignCreate">) => call<Wire<"Campaign">>("POST", "/campaigns", { body }),
  fundCampaign: (campaign: string, amount_micro: number, idempotencyKey: string) =>
    call<Wire<"Campaign">>("POST", `/campaigns/${id(campaign)}/fund`, {
      body: { amount_micro },
      headers: { "Idempotency-Key": idempotencyKey },
    }),
  closeCampaign: (campaign: string) => call<Wire<"Campaign">>("POST", `/campaigns/${id(campaign)}/close`),
  verdicts: (campaign: string, cursor?: string | null) =>
    call<Wire<"Verdicts">>("GET", `/campaigns/${id(campaign)}/verdicts${page(cursor)}`),
  players: (campaign: string, cursor?: string | null) =>
    call<Wire<"CampaignPlayers">>("GET", `/campaigns/${id(campaign)}/players${page(cursor)}`),
  lot: (campaign: string, cursor?: string | null) => call<Wire<"Lot">>("GET", `/campaigns/${id(campaign)}/lot${page(cursor)}`),

  assign: (campaign: string, idempotencyKey: string) =>
    call<Wire<"Assignment">>("POST", `/campaigns/${id(campaign)}/assignments`, { headers: { "Idempotency-Key": idempotencyKey } }),
  readAssignment: (assignment: string) => call<Wire<"Assignment">>("GET", `/assignments/${id(assignment)}`),
  cancelAssignment: (assignment: string) => call<void>("DELETE", `/assignments/${id(assignment)}`),
  submit: (assignment: string, body: Wire<"AttemptCreate">) =>
    call<Wire<"AttemptAccepted">>("POST", `/assignments/${id(assignment)}/attempt`, { body }),
  attempt: (attempt: string) => call<Wire<"Attempt">>("GET", `/attempts/${id(attempt)}`),
  replay: (attempt: string) => call<Wire<"AttemptReplay">>("GET", `/attempts/${id(attempt)}/replay`),
  dispute: (attempt: string, text: string) => call<Wire<"Dispute">>("POST", `/attempts/${id(attempt)}/dispute`, { body: { text } }),
  verdict: (verdict: string) => call<Wire<"Verdict">>("GET", `/verdicts/${id(verdict)}`),

  policy: (cid: string) => call<Wire<"Policy">>("GET", `/policies/${id(cid)}`),
  policyBytes: async (cid: string): Promise<ArrayBuffer> =>
    (await send("GET", `/policies/${id(cid)}.safetensors`, { headers: { Accept: "*/*" } })).arrayBuffer(),
  environments: () => call<Wire<"Environments">>("GET", "/environments"),
  tracks: () => call<Wire<"Tracks">>("GET", "/tracks"),
  track: (track: string) => call<Wire<"Track">>("GET", `/tracks/${id(track)}`),
  grid: async (track: string): Promise<Int8Array> =>
    new Int8Array(await (await send("GET", `/tracks/${id(track)}/grid`, { headers: { Accept: "*/*" } })).arrayBuffer()),
  leaderboard: () => call<Wire<"Leaderboard">>("GET", "/leaderboard"),

  experiments: () => call<lab.Experiments>("GET", "/experiments"),
  experiment: (experiment: string) => call<lab.Experiment>("GET", `/experiments/${id(experiment)}`),
  createExperiment: (body: lab.ExperimentCreate, idempotencyKey: string) =>
    call<lab.Experiment>("POST", "/experiments", { body, headers: { "Idempotency-Key": idempotencyKey } }),
  importExperiment: (text: string, name: string, idempotencyKey: string) =>
    call<lab.ExperimentImported>("POST", `/experiments/import?name=${id(name)}`, {
      text,
      headers: { "Idempotency-Key": idempotencyKey },
    }),
  deleteExperiment: (experiment: string) => call<void>("DELETE", `/experiments/${id(experiment)}`),
  recordGame: (experiment: string, body: lab.GameCreate, { keepalive = false } = {}) =>
    call<lab.Experiment>("POST", `/experiments/${id(experiment)}/games`, { body, keepalive }),
  lessons: (experiment: string) => call<lab.Lessons>("GET", `/experiments/${id(experiment)}/lessons`),
  startLessons: (experiment: string, learners: lab.Learner[]) =>
    call<lab.Lessons>("POST", `/experiments/${id(experiment)}/lessons`, { body: { learners } }),
  cancelLesson: (lesson: string) => call<lab.Lesson>("POST", `/lessons/${id(lesson)}/cancel`),
  resumeLesson: (lesson: string) => call<lab.Lesson>("POST", `/lessons/${id(lesson)}/resume`),
  experimentBoard: () => call<lab.ExperimentBoard>("GET", "/experiment-board"),

  garage: () => call<garage.GarageOptions>("GET", "/garage"),
  checkReward: (source: string, signal: AbortSignal) => call<garage.RewardCheck>("POST", "/rewards/check", { body: { source }, signal }),
  runs: () => call<garage.Runs>("GET", "/runs"),
  run: (run: string) => call<garage.Run>("GET", `/runs/${id(run)}`),
  createRun: (body: garage.RunCreate, idempotencyKey: string) =>
    call<garage.Run>("POST", "/runs", { body, headers: { "Idempotency-Key": idempotencyKey } }),
  stopRun: (run: string) => call<garage.Run>("POST", `/runs/${id(run)}/stop`),
  deleteRun: (run: string) => call<void>("DELETE", `/runs/${id(run)}`),
  runPolicy: async (run: string, which: garage.Which): Promise<ArrayBuffer> =>
    (await send("GET", `/runs/${id(run)}/policy.safetensors?which=${which}`, { headers: { Accept: "*/*" } })).arrayBuffer(),
  runAnalysis: (run: string, iteration: number | null) =>
    call<garage.TraceAnalysis>("GET", `/runs/${id(run)}/analysis${iteration === null ? "" : `?iteration=${iteration}`}`),
  analyseTrace: (file: Blob, name: string, iteration: number | null) =>
    call<garage.TraceAnalysis>("POST", `/traces/analysis?name=${id(name)}${iteration === null ? "" : `&iteration=${iteration}`}`, { file }),
  racingLine: (track: string, direction: string, speed: number) =>
    call<garage.RacingLine>("GET", `/tracks/${id(track)}/line?direction=${id(direction)}&speed=${speed}`),
  races: () => call<Wire<"Races">>("GET", "/races"),
  race: (race: string) => call<league.Race>("GET", `/races/${id(race)}`),
  createRace: (body: league.RaceCreate, idempotencyKey: string) =>
    call<league.Race>("POST", "/races", { body, headers: { "Idempotency-Key": idempotencyKey } }),
  closeRace: (race: string) => call<league.Race>("POST", `/races/${id(race)}/close`),
  entries: (race: string) => call<Wire<"Entries">>("GET", `/races/${id(race)}/entries`),
  entry: (race: string, entry: string) => call<league.Entry>("GET", `/races/${id(race)}/entries/${id(entry)}`),
  enterRace: (race: string, body: league.EntryCreate, idempotencyKey: string) =>
    call<league.Entry>("POST", `/races/${id(race)}/entries`, { body, headers: { "Idempotency-Key": idempotencyKey } }),
  enterFile: (race: string, file: Blob, name: string, idempotencyKey: string) =>
    call<league.Entry>("POST", `/races/${id(race)}/entries/file?name=${id(name)}`, { file, headers: { "Idempotency-Key": idempotencyKey } }),
  finalReplay: (race: string) => call<league.FinalReplay>("GET", `/races/${id(race)}/final`),
  entryPath: (race: string, entry: string) => call<league.EntryPath>("GET", `/races/${id(race)}/entries/${id(entry)}/path`),

  overview: (token: string) => call<Wire<"Overview">>("GET", "/operator/overview", { headers: bearer(token) }),
  ban: (token: string, body: Wire<"BanCreate">) => call<Wire<"Ban">>("POST", "/operator/bans", { body, headers: bearer(token) }),
  unban: (token: string, player: string) => call<void>("DELETE", `/operator/bans/${id(player)}`, { headers: bearer(token) }),
  answerDispute: (token: string, dispute: string, answer: string) =>
    call<Wire<"Dispute">>("POST", `/operator/disputes/${id(dispute)}/answer`, { body: { answer }, headers: bearer(token) }),
};

/** An operator may also hold the role by cookie; then no token is sent. */
function bearer(token: string): Record<string, string> {
  return token === "" ? {} : { Authorization: `Bearer ${token}` };
}
