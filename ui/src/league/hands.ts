/** People in a race: whether it can be driven by hand, and where a drive would stand. Pure. */
import { count } from "../lib/format";
import type { Outcome, RaceRules } from "../sim/race";
import type { RaceType } from "../sim/raceTypes";
import type { Status } from "../sim/trial";
import type { Race, RaceRow, Standing } from "./wire";
import { lapTime, RANKINGS } from "./words";

/** Types whose rules this page can drive by. */
const DRIVABLE: readonly string[] = ["time_trial", "object_avoidance", "head_to_bot"] satisfies RaceType["type"][];

export function drivable<Held extends { rules: { race: { type: string } } }>(race: Held): race is Held & { rules: RaceRules } {
  return DRIVABLE.includes(race.rules.race.type);
}

/** Of a drive, the time that the race compares; null where it has none. */
export function timeOf(ranking: RaceRow["ranking"], { best_ms, average_ms, total_ms }: Pick<Outcome, "best_ms" | "average_ms" | "total_ms">): number | null {
  return { best_lap: best_ms, average_lap: average_ms, total_time: total_ms }[ranking];
}

type Ranked = Pick<Race, "ranking" | "rules"> & { hands: Pick<Standing, "player_id" | "time_ms">[] };

/** Where a drive would stand among people, in a sentence; `me` is the racer, if one is signed in. */
export function standingOf({ ranking, rules, hands }: Ranked, outcome: Outcome, me: string | null): string {
  const time = timeOf(ranking, outcome);
  if (time === null) {
    const asked = { best_lap: "1 lap", average_lap: `${count(rules.consecutive, "lap")} in a row`, total_time: count(rules.laps, "lap") }[ranking];
    return `No time yet: ${RANKINGS[ranking].toLowerCase()} asks for ${asked}. Without one it stands below those who have one.`;
  }
  // Of equal times the one entered first is ahead.
  const faster = ({ time_ms }: Pick<Standing, "time_ms">): boolean => time_ms !== null && time_ms <= time;
  const others = hands.filter(({ player_id }) => player_id !== me);
  const own = hands.find(({ player_id }) => player_id === me);
  if (own && faster(own)) return `Your earlier ${lapTime(own.time_ms!)} s stays ahead of it.`;
  if (others.length === 0 && !own) return "The first time driven by hand.";
  return `Place ${others.filter(faster).length + 1} of ${others.length + 1} among hands.`;
}

/** What a car is put back for. */
export const BACK: Partial<Record<Status, string>> = {
  off_track: "Off the road",
  crashed: "Crash",
  immobilized: "Standing still",
  reversed: "The wrong way round",
};
