/** What a new run is asked: the form as it is typed, what is wrong with it, and the order it becomes. Pure. */
import { generate, parseActions, type ActionSpace, type Generator, type Limits } from "../sim/actions";
import { numberIn } from "../lib/format";
import { raceFaults, raceOf, typedRace, type TypedRace } from "../lib/races";
import { seesPictures } from "./words";
import type { Algorithm, AlgorithmOptions, GarageOptions, Run, RunCreate, TrackSummary, Which } from "./wire";

export const NAME_MOST = 32;
export const MINUTES: Limits = { low: 0.1, high: 1440 };
export const SEED_MOST = 2 ** 31 - 1;
export const STEERING: Limits = { low: -30, high: 30 };
export const SPEED: Limits = { low: 0.1, high: 4 };
export const MOST_STEERING: Limits = { low: 1, high: 30 };
export const CHOICES: Limits = { low: 2, high: 64 };
export const SPEED_GRANULARITIES = [1, 2, 3];
export const GENERATOR: Generator = { steering_granularity: 5, max_steering: 30, speed_granularity: 2, max_speed: 1 };

/** An angle and a speed as typed. */
export interface Typed {
  steering_angle: string;
  speed: string;
}

export interface Form {
  name: string;
  source: string;
  track: string;
  direction: RunCreate["direction"];
  sensor: string;
  network: RunCreate["network"];
  kind: "list" | "ranges";
  choices: Typed[];
  low: Typed;
  high: Typed;
  algorithm: Algorithm;
  hyperparameters: Record<string, string>;
  minutes: string;
  seed: string;
  origin: { run_id: string; which: Which } | null;
  race: TypedRace;
}

/** The places of a form where something can be wrong; named as the server names them. */
export type Faults = Record<string, string | null>;

const written = (value: number): string => String(Number(value.toPrecision(12)));
const typed = (pair: { steering_angle: number; speed: number }): Typed => ({ steering_angle: written(pair.steering_angle), speed: written(pair.speed) });

/** Defaults and ranges of an algorithm. */
export function algorithmOf(options: Pick<GarageOptions, "algorithms">, name: Algorithm): AlgorithmOptions {
  return options.algorithms.find((one) => one.name === name) ?? { name, hyperparameters: {}, ranges: {} };
}

/** The form with the hyperparameters of another algorithm; those that both have and that were changed stay. */
export function withAlgorithm(form: Form, options: Pick<GarageOptions, "algorithms">, name: Algorithm): Form {
  const [before, after] = [form.algorithm, name].map((one) => hyperText(algorithmOf(options, one).hyperparameters)) as [Record<string, string>, Record<string, string>];
  const changed = Object.entries(form.hyperparameters).filter(([key, value]) => key in after && value !== before[key]);
  return { ...form, algorithm: name, hyperparameters: { ...after, ...Object.fromEntries(changed) } };
}

export function emptyForm(options: GarageOptions, tracks: readonly TrackSummary[]): Form {
  return {
    name: "",
    source: options.examples[0]?.source ?? "",
    track: tracks[0]?.id ?? "",
    direction: "forward",
    sensor: options.sensors[0] ?? "lidar",
    network: "shallow",
    kind: "list",
    choices: generate(GENERATOR).map(typed),
    low: { steering_angle: "-30", speed: "0.5" },
    high: { steering_angle: "30", speed: "2" },
    algorithm: "ppo",
    hyperparameters: hyperText(algorithmOf(options, "ppo").hyperparameters),
    minutes: "5",
    seed: "0",
    origin: null,
    race: typedRace(null),
  };
}

function hyperText(values: Readonly<Record<string, unknown>>): Record<string, string> {
  return Object.fromEntries(Object.entries(values).map(([name, value]) => [name, typeof value === "number" ? written(value) : String(value)]));
}

/** Lay an action space into the form; which kind it is comes with it. */
export function withActions(form: Form, space: ActionSpace): Form {
  if (Array.isArray(space)) return { ...form, kind: "list", choices: space.map(typed) };
  const end = (side: "low" | "high"): Typed => typed({ steering_angle: space.steering_angle[side], speed: space.speed[side] });
  return { ...form, kind: "ranges", low: end("low"), high: end("high") };
}

/** Take up values of the hyperparameters that the form's algorithm has. */
export function withHyperparameters(form: Form, values: Readonly<Record<string, unknown>>): Form {
  return { ...form, hyperparameters: { ...form.hyperparameters, ...hyperText(values) } };
}

/** The form that orders a run again; with `which`, one that goes on from its policy. */
export function cloned(form: Form, options: Pick<GarageOptions, "algorithms">, run: Run, which: Which | null): Form {
  const { order } = run;
  const copy: Form = {
    ...withAlgorithm(form, options, order.algorithm),
    name: nextName(run.name),
    source: order.source,
    track: order.track,
    direction: order.direction === "reverse" ? "reverse" : "forward",
    sensor: order.sensor,
    network: order.network,
    minutes: written(order.minutes),
    seed: String(order.seed),
    origin: which === null ? null : { run_id: run.id, which },
    race: typedRace(order.race),
  };
  return withHyperparameters(withActions(copy, parseActions(order.action_space)), order.hyperparameters);
}

/** "Kidney", "Kidney 2", "Kidney 3". */
export function nextName(name: string): string {
  const found = /^(.*?) (\d{1,4})$/.exec(name);
  const [stem, number] = found ? [found[1]!, Number(found[2]) + 1] : [name, 2];
  return `${stem.slice(0, NAME_MOST - 1 - String(number).length)} ${number}`;
}

/** "5 to 100", for hints and faults. */
export const span = ({ low, high }: Limits): string => `${low} to ${high}`;

function outside(text: string, limits: Limits, whole = false): string | null {
  const value = numberIn(text);
  if (value !== null && value >= limits.low && value <= limits.high && (!whole || Number.isInteger(value))) return null;
  return `A ${whole ? "whole " : ""}number from ${span(limits)}.`;
}

/** Least and most of a hyperparameter, or its values where it has only some. */
export function rangeOfHyper(range: readonly unknown[] | undefined): Limits | string[] {
  if (range?.length === 2 && range.every((end) => typeof end === "number")) return { low: range[0] as number, high: range[1] as number };
  return (range ?? []).map(String);
}

/** Counts of things, for which only whole numbers make sense. */
const WHOLE = new Set(["batch_size", "num_epochs", "num_episodes_between_training"]);

function hyperFaults(form: Form, ranges: AlgorithmOptions["ranges"]): Faults {
  return Object.fromEntries(
    Object.entries(form.hyperparameters).map(([name, text]) => {
      const range = rangeOfHyper(ranges[name]);
      if (!Array.isArray(range)) return [name, outside(text, range, WHOLE.has(name))];
      return [name, range.length === 0 || range.includes(text) ? null : `One of ${range.join(", ")}.`];
    }),
  );
}

function pairFault({ steering_angle, speed }: Typed): string | null {
  const angle = outside(steering_angle, STEERING);
  if (angle) return `Steering: ${angle.toLowerCase()}`;
  const fast = outside(speed, SPEED);
  return fast && `Speed: ${fast.toLowerCase()}`;
}

function actionFaults(form: Form, origin: number | null): Faults {
  const found: Faults = {};
  if (form.kind === "list") {
    form.choices.forEach((choice, at) => (found[`action_space[${at}]`] = pairFault(choice)));
    const many = form.choices.length;
    if (many < CHOICES.low || many > CHOICES.high) found.action_space = `${CHOICES.low} to ${CHOICES.high} actions; there are ${many}.`;
    else if (origin !== null && many !== origin) found.action_space = `The policy it goes on from has ${origin} actions; there are ${many}.`;
    return found;
  }
  for (const [name, label] of [["steering_angle", "Steering"], ["speed", "Speed"]] as const) {
    const limits = name === "speed" ? SPEED : STEERING;
    const wrong = outside(form.low[name], limits) ?? outside(form.high[name], limits);
    const upside = wrong === null && numberIn(form.low[name])! >= numberIn(form.high[name])!;
    found[`action_space.${name}`] = wrong ? `${label}: ${wrong.toLowerCase()}` : upside ? "The low end has to lie below the high one." : null;
  }
  return found;
}

/** What is wrong with each field, in words; null where nothing is. `origin`: actions of the policy it goes on from. */
export function faults(form: Form, ranges: AlgorithmOptions["ranges"], origin: number | null = null): Faults {
  const { name, source } = form;
  return {
    name: /[<>]/.test(name) ? "No angle brackets." : null,
    source: source.trim() === "" ? "A function reward_function(params)." : null,
    track: form.track === "" ? "Choose a track." : null,
    minutes: outside(form.minutes, MINUTES),
    seed: outside(form.seed, { low: 0, high: SEED_MOST }, true),
    ...hyperFaults(form, ranges),
    network: form.network.startsWith("deepracer") && !seesPictures(form.sensor) ? "This network reads pictures: choose a camera, or another network." : null,
    algorithm: form.algorithm === "sac" && form.kind === "list" ? "SAC learns continuous actions only." : null,
    ...actionFaults(form, origin),
    ...raceFaults(form.race),
  };
}

/** The action space as far as its numbers can be read. */
export function actionsOf(form: Form): ActionSpace {
  const pair = ({ steering_angle, speed }: Typed) => ({ steering_angle: numberIn(steering_angle) ?? Number.NaN, speed: numberIn(speed) ?? Number.NaN });
  if (form.kind === "list") return form.choices.map(pair).filter(({ steering_angle, speed }) => !Number.isNaN(steering_angle + speed));
  const [low, high] = [pair(form.low), pair(form.high)];
  return { steering_angle: { low: low.steering_angle, high: high.steering_angle }, speed: { low: low.speed, high: high.speed } };
}

/** Hyperparameters as numbers where they are numbers. */
export function hyperparametersOf(form: Form): Record<string, string | number> {
  return Object.fromEntries(Object.entries(form.hyperparameters).map(([name, text]) => [name, numberIn(text) ?? text]));
}

/** The body of POST /runs, of a form without faults; `unnamed` is its name if it was given none. */
export function orderOf(form: Form, unnamed: string): RunCreate {
  return {
    name: form.name.trim() || unnamed.slice(0, NAME_MOST),
    source: form.source,
    track: form.track,
    direction: form.direction,
    sensor: form.sensor,
    network: form.network,
    action_space: actionsOf(form),
    algorithm: form.algorithm,
    hyperparameters: hyperparametersOf(form),
    minutes: numberIn(form.minutes)!,
    seed: numberIn(form.seed)!,
    origin: form.origin,
    race: raceOf(form.race),
  };
}
