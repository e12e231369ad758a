/** How each environment is measured and spoken of, wherever a page names it. */
import * as racer from "../sim/rules";
import * as snake from "../sim/snake";
import type { Wire } from "./api";
import { count, value } from "./format";

export type Environment = Wire<"CampaignSummary">["environment"];

export interface EnvironmentWords {
  title: string;
  /** what it is about, in half a sentence */
  tells: string;
  ticksPerS: number;
  /** longest attempt, in ticks */
  maxTicks: number;
  /** unit of progress, as a table's heading has it */
  unit: string;
  /** a value with its sign and unit: "+14 m", "−2 foods" */
  valued: (amount: number) => string;
  /** progress without a sign: "12.3 m", "2 foods" */
  progress: (amount: number) => string;
  /** what the value of an attempt is */
  valueMeans: string;
  /** what the score of a model is */
  scoreMeans: string;
  /** on buttons */
  play: string;
  /** the champion … at a score */
  plays: string;
  /** what a person does who corrects the model, then what was done */
  take: string;
  took: string;
  /** how keys do it */
  how: string;
  now: string;
  /** ends before its time: "crashes", "crashed"; else "drives on", "drove on", "have driven on" */
  ends: string;
  ended: string;
  goesOn: string;
  wentOn: string;
  goneOn: string;
  /** the model alone compared where both lasted: "came 2.1 m further than the model alone" */
  compared: (more: number) => string;
  /** where attempts happen */
  ground: string;
  grounds: string;
  leave: string;
  consent: string;
}

const signed = (whole: number): string => `${whole > 0 ? "+" : whole < 0 ? "\u2212" : ""}${Math.abs(whole)}`;
const foods = (amount: number): string => count(Math.abs(Math.round(amount)), "food");

export const ENVIRONMENTS: Record<Environment, EnvironmentWords> = {
  "racer-v0": {
    title: "Racer",
    tells: "a small car on a closed road with boxes",
    ticksPerS: racer.TICKS_PER_S,
    maxTicks: racer.MAX_TICKS,
    unit: "m",
    valued: (amount) => `${value(amount)} m`,
    progress: (amount) => `${amount.toFixed(1)} m`,
    valueMeans: "Metres of progress against the model alone",
    scoreMeans: "How far the model gets in 20 s or until it crashes, as a share of the reference driver's way from the same starts.",
    play: "Drive",
    plays: "drives",
    take: "take the wheel",
    took: "took the wheel",
    how: "Hold an arrow key to take the wheel where it errs.",
    now: "Model is driving",
    ends: "crashes",
    ended: "crashed",
    goesOn: "drives on",
    wentOn: "drove on",
    goneOn: "have driven on",
    compared: (more) => `came ${Math.abs(more).toFixed(1)} m ${more > 0 ? "further" : "less far"} than the model alone`,
    ground: "road",
    grounds: "roads",
    leave: "Leave the road",
    consent: "What you drive is stored, judged and used to train the campaign's model, under a name made up for you; you can withdraw it at any time.",
  },
  "snake-v0": {
    title: "Snake",
    tells: "a snake in the middle of a game, which must eat and find its way out",
    ticksPerS: snake.TICKS_PER_S,
    maxTicks: snake.MAX_TICKS,
    unit: "foods",
    valued: (amount) => `${Number.isInteger(amount) ? signed(amount) : value(amount)} ${Math.abs(amount) === 1 ? "food" : "foods"}`,
    progress: (amount) => `${amount < 0 && Math.round(amount) !== 0 ? "\u2212" : ""}${foods(amount)}`,
    valueMeans: "Foods eaten more than the model alone; a death counts as one food lost",
    scoreMeans: "What the model eats in 20 s, less one for a death, as a share of what the reference eats from the same starts. Below zero it dies more often than it eats.",
    play: "Play",
    plays: "plays at",
    take: "take over",
    took: "took over",
    how: "Press an arrow key to take over where it errs.",
    now: "Model is playing",
    ends: "dies",
    ended: "died",
    goesOn: "lives on",
    wentOn: "lived on",
    goneOn: "have lived on",
    compared: (more) => `ate ${foods(more)} ${more > 0 ? "more" : "fewer"} than the model alone`,
    ground: "board",
    grounds: "boards",
    leave: "Leave the board",
    consent: "What you play is stored, judged and used to train the campaign's model, under a name made up for you; you can withdraw it at any time.",
  },
};

export const wordsOf = (environment: Environment): EnvironmentWords => ENVIRONMENTS[environment];
