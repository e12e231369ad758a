/** Plain words for races: rules, times, states. Pure. */
import { count, credits, seconds } from "../lib/format";
import { raceWords } from "../lib/races";
import type { Entry, Race, RaceRow } from "./wire";

const GAP = "\u00a0";

/** What is done with what is entered, said before the first entry. */
export const CONSENT =
  "What you enter is stored and driven by the server, and its result is shown under a name made up for you; you can withdraw it until the race has closed or its final is set.";

/** Milliseconds as a lap's time: "12.345", "1:02.345". */
export function lapTime(ms: number): string {
  const [minutes, rest] = [Math.floor(ms / 60_000), ms % 60_000];
  const s = (rest / 1000).toFixed(3);
  return minutes === 0 ? s : `${minutes}:${s.padStart(6, "0")}`;
}

/** Seconds of a clock, to tenths: "12.3", "1:02.3". */
export function clockTime(seconds: number): string {
  return lapTime(Math.round(1000 * seconds)).replace(/\d\d$/, "");
}

/** A gap to the first: "+0.120", nothing for the first. */
export function gap(ms: number | null): string {
  return ms === null || ms === 0 ? "" : `+${lapTime(ms)}`;
}

export const STATES: Record<RaceRow["state"], string> = {
  upcoming: "Not open yet",
  open: "Open",
  closing: "Driving the last entries",
  final: "Final",
  closed: "Closed",
};

export const ENTRY_STATES: Record<Entry["state"], string> = {
  queued: "Waits to be driven",
  running: "Is being driven",
  done: "Driven",
  refused: "Refused",
  failed: "Failed",
  cancelled: "Withdrawn",
};

export const RANKINGS: Record<RaceRow["ranking"], string> = {
  best_lap: "Best lap",
  average_lap: "Best average",
  total_time: "Total time",
};

/** cars of a final, at most; as many as the server drives */
const MOST_CARS = 8;
const FINAL_RULES = [
  `When the race has closed, the best ${MOST_CARS} with a qualifying time race one another in a final, from a grid in that order.`,
  "Who is first home in the final wins; who is not in it, or does not come home, wins nothing. Cars touch and push one another; contact itself costs no time.",
  "In the final one clock runs for all, through penalties too.",
];

function lost(ms: number): string {
  return ms === 0 ? "no time" : seconds(ms / 1000);
}

/** Why a race head to head was decided without a final; empty where it was not. */
export function withoutFinal({ type, state, final }: Pick<Race, "type" | "state" | "final">): string {
  if (type !== "head_to_head" || state !== "closed") return "";
  if (final === null) return "Fewer than two racers had a qualifying time: there was no final, and qualifying counts.";
  return final.state === "failed" ? `The final could not be driven, and qualifying counts. ${final.note}` : "";
}

/** The rules as sentences. */
export function rulesOf({ rules, ranking, direction }: Pick<Race, "rules" | "ranking" | "direction">): string[] {
  const counts = {
    best_lap: "The shortest lap counts.",
    average_lap: rules.consecutive === 1 ? "The shortest lap counts." : `The best average of ${rules.consecutive} laps in a row counts.`,
    total_time: rules.laps === 1 ? "The time of the lap counts." : "The time of all laps together counts.",
  }[ranking];
  const against = rules.race.type === "head_to_head";
  const crash = against ? "" : `, a crash ${lost(rules.crash_ms)}`;
  const found = [
    `${count(rules.laps, "lap")} from a standing start, ${direction === "reverse" ? "against" : "in"} the direction of the track.`,
    against ? `Each policy first drives alone, to qualify. ${counts}` : counts,
    `Leaving the road, standing still or turning round costs ${lost(rules.off_track_ms)}${crash}: the car stands on the centre line, the clock runs on.`,
  ];
  if (against) found.push(...FINAL_RULES);
  const crowd = raceWords(rules.race, "all racers alike");
  if (crowd) found.push(crowd, "After a crash the car stands a metre behind what it hit.");
  if (rules.most_resets === 0) found.push("The first of these ends the race.");
  else if (rules.most_resets < 100) found.push(`More than ${count(rules.most_resets, "reset")} end the race.`);
  found.push(`After ${count(rules.limit_s, "second")} of driving it is over.`);
  return found;
}

/** "10.00 cr: 50 % for the first, 30 % for the second …"; empty without a prize. */
export function prizeOf({ prize_micro, shares }: Pick<RaceRow, "prize_micro" | "shares">): string {
  if (prize_micro === 0) return "";
  const places = shares.map((share, i) => `${credits((prize_micro * share) / 100)}${GAP}cr for place ${i + 1}`);
  return `${credits(prize_micro)}${GAP}cr in escrow: ${places.join(", ")}.`;
}

/** Seasons with their races, in the order in which their latest race opens. */
export function seasons(rows: readonly RaceRow[]): [season: string, races: RaceRow[]][] {
  const found = new Map<string, RaceRow[]>();
  for (const row of rows) {
    const known = found.get(row.season);
    if (known) known.push(row);
    else found.set(row.season, [row]);
  }
  return [...found];
}

/** What an entry was made of. */
export function originOf({ kind, origin }: Pick<Entry, "kind" | "origin">): string {
  if (kind === "hand") return "By hand";
  if (typeof origin.campaign === "string") return `Champion of ${origin.campaign}`;
  if (typeof origin.file === "string") return origin.file;
  return `${origin.which === "latest" ? "Latest" : "Best"} policy of a run`;
}

/** What a person typed as shares → whole percentages; null if they are none. */
export function sharesOf(typed: string): number[] | null {
  const parts = typed.split(/[,;\s]+/).filter(Boolean);
  if (parts.length === 0 || parts.length > 20 || !parts.every((part) => /^[1-9]\d{0,2}$/.test(part))) return null;
  const found = parts.map(Number);
  return found.reduce((sum, share) => sum + share, 0) <= 100 ? found : null;
}
