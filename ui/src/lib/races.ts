/** Race types as a form has them, what is wrong with them, and the words for them. Pure. */
import { TIME_TRIAL, type Place, type RaceType } from "../sim/raceTypes";
import { count, numberIn } from "./format";

export const TYPES: Record<RaceType["type"], string> = {
  time_trial: "Time trial: alone on the road",
  object_avoidance: "Object avoidance: boxes stand on the road",
  head_to_bot: "Head-to-bot: bot cars drive on the road",
  head_to_head: "Head-to-head: each alone first, then the best against one another",
};
/** Types that one car alone can be trained in. */
export const TRAINED: RaceType["type"][] = ["time_trial", "object_avoidance", "head_to_bot"];
/** Whether there are boxes or bot cars. */
export const isCrowded = (type: RaceType["type"]): boolean => type === "object_avoidance" || type === "head_to_bot";
export const MOST_OBJECTS = 6;
const [FIRST_PERCENT, LAST_PERCENT, APART_PERCENT] = [7, 90, 13];
const [SLOWEST, FASTEST] = [0.2, 6];
const [LEAST_S, MOST_S] = [1, 5];

/** A race type as it is typed. */
export interface TypedRace {
  type: RaceType["type"];
  objects: number;
  /** whether places are given, not drawn for each episode */
  fixed: boolean;
  places: { percent: string; lane: Place["lane"] }[];
  speed: string;
  changes: boolean;
  least: string;
  most: string;
}

/** A form of the type, or of a time trial. */
export function typedRace(race: RaceType | null): TypedRace {
  const { type, objects, places, speed_mps, changes, change_s } = race ?? TIME_TRIAL;
  return {
    type,
    objects: objects || 3,
    fixed: places.length > 0,
    places: Array.from({ length: MOST_OBJECTS }, (_, i) => {
      const { percent, lane } = places[i] ?? { percent: 10 + 14 * i, lane: i % 2 ? ("outside" as const) : ("inside" as const) };
      return { percent: String(percent), lane };
    }),
    speed: String(speed_mps),
    changes,
    least: String(change_s[0]),
    most: String(change_s[1]),
  };
}

const numbered = (text: string): number => numberIn(text) ?? Number.NaN;
const within = (value: number, low: number, high: number): boolean => value >= low && value <= high;

/** What is wrong with the fields, named as the server names them. */
export function raceFaults({ type, objects, fixed, places, speed, changes, least, most }: TypedRace): Record<string, string | null> {
  const crowded = isCrowded(type);
  const percents = places.slice(0, objects).map(({ percent }) => numbered(percent));
  const apart = percents.every((one, i) => within(one, FIRST_PERCENT, LAST_PERCENT) && (i === 0 || one - percents[i - 1]! >= APART_PERCENT));
  const [low, high] = [numbered(least), numbered(most)];
  return {
    "race.places": crowded && fixed && !apart ? `From ${FIRST_PERCENT} to ${LAST_PERCENT} % of the lap, in order and at least ${APART_PERCENT} apart.` : null,
    "race.speed_mps": type === "head_to_bot" && !within(numbered(speed), SLOWEST, FASTEST) ? `A number from ${SLOWEST} to ${FASTEST}.` : null,
    "race.change_s":
      type === "head_to_bot" && changes && !(within(low, LEAST_S, MOST_S) && within(high, low, MOST_S)) ? `Two numbers from ${LEAST_S} to ${MOST_S}, the smaller one first.` : null,
  };
}

/** The race type of a form without faults. */
export function raceOf({ type, objects, fixed, places, speed, changes, least, most }: TypedRace): RaceType {
  if (!isCrowded(type)) return { ...TIME_TRIAL, type };
  const bots = type === "head_to_bot";
  return {
    type,
    objects,
    places: fixed ? places.slice(0, objects).map(({ percent, lane }) => ({ percent: numbered(percent), lane })) : [],
    speed_mps: bots ? numbered(speed) : TIME_TRIAL.speed_mps,
    changes: bots && changes,
    change_s: bots && changes ? [numbered(least), numbered(most)] : TIME_TRIAL.change_s,
  };
}

/** "3 boxes stand on the road, …", for whoever races; empty where the car is alone. */
export function raceWords(race: RaceType | null, drawnFor = "each episode"): string {
  const { type, objects, places, speed_mps, changes, change_s } = race ?? TIME_TRIAL;
  const where = places.length > 0 ? `at ${places.map(({ percent, lane }) => `${percent} % ${lane}`).join(", ")}` : `at places drawn for ${drawnFor}`;
  if (type === "object_avoidance") return `${count(objects, "box", "boxes")} on the road, ${where}.`;
  if (type !== "head_to_bot") return "";
  const lanes = changes ? `, changing lanes every ${change_s[0]} to ${change_s[1]} s` : "";
  return `${count(objects, "bot car")} at ${speed_mps} m/s${lanes}, beginning ${where}.`;
}
