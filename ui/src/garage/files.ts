/** DeepRacer's `model_metadata.json` and `hyperparameters.json`, read into the form and written from it. Pure. */
import { parseActions, type ActionSpace } from "../sim/actions";
import { withActions, withAlgorithm, withHyperparameters, type Form } from "./form";
import type { Algorithm, GarageOptions, Network } from "./wire";

type Plain = Record<string, unknown>;

export interface Taken {
  form: Form;
  /** what was read, and what has no counterpart here */
  notes: string[];
}

/** Their names of networks, by ours; of two with one name the first, which is quick here, is taken up. */
const NETWORKS: Record<Network, string> = {
  shallow: "DEEP_CONVOLUTIONAL_NETWORK_SHALLOW",
  deep: "DEEP_CONVOLUTIONAL_NETWORK",
  "deepracer-shallow": "DEEP_CONVOLUTIONAL_NETWORK_SHALLOW",
  "deepracer-deep": "DEEP_CONVOLUTIONAL_NETWORK",
  "deepracer-deep-deep": "DEEP_CONVOLUTIONAL_NETWORK_DEEP",
};
/** Their names of algorithms, by ours; the last is ours alone. */
const ALGORITHMS: Record<Algorithm, string> = { ppo: "clipped_ppo", sac: "sac", "policy-gradient": "policy_gradient" };
const CAMERA = "FRONT_FACING_CAMERA";
/** The sensor that is taken up for each of theirs, and the beginning of all of ours that go by that name. */
const SENSORS: [theirs: string, taken: string, like: RegExp][] = [
  ["LIDAR", "lidar", /^lidar$/],
  ["SECTOR_LIDAR", "sector-lidar", /^sector-lidar$/],
  ["DISCRETIZED_SECTOR_LIDAR", "sector-lidar-8x4", /^sector-lidar-/],
  ["STEREO_CAMERAS", "stereo-160x120", /^stereo-/],
  [CAMERA, "camera-160x120", /^camera-/],
  ["LEFT_CAMERA", "camera-160x120", /^camera-/],
];
/** Keys of `hyperparameters.json` that belong to other learners, other ends, or pictures stacked in time. */
const WITHOUT_EFFECT = new Set(["e_greedy_value", "epsilon_steps", "exploration_type", "stack_size", "term_cond_avg_score", "term_cond_max_episodes"]);

type Offered = Pick<GarageOptions, "sensors" | "algorithms">;

/** Take up a file of either kind; which one it is shows in its keys. Throws RangeError naming what it lacks. */
export function takeFile(form: Form, text: string, options: Offered): Taken {
  let plain: unknown;
  try {
    plain = JSON.parse(text);
  } catch {
    throw new RangeError("The file is no JSON.");
  }
  if (typeof plain !== "object" || plain === null || Array.isArray(plain)) throw new RangeError("The file holds no JSON object.");
  if ("action_space" in plain) return takeMetadata(form, plain as Plain, options);
  if (Object.keys(form.hyperparameters).some((name) => name in plain)) return takeHyperparameters(form, plain as Plain, options);
  throw new RangeError("This is neither a model_metadata.json, which has an action_space, nor a hyperparameters.json, which has a batch_size.");
}

function takeMetadata(form: Form, plain: Plain, options: Offered): Taken {
  const space = parseActions(plain.action_space);
  const notes = [Array.isArray(space) ? `${space.length} actions.` : "A continuous action space."];
  let next = withActions(form, space);
  const named = (Array.isArray(plain.sensor) ? plain.sensor : []).map(String);
  const sensor = sensorOf(named, options.sensors);
  if (sensor) {
    next = { ...next, sensor };
    notes.push(`Sensor ${sensor}.`);
  }
  if (named.length > 1) notes.push(`Of the sensors ${named.join(", ")} a car has one here.`);
  if (named.length > 0 && !sensor) notes.push(`None of ${named.join(", ")} is offered here.`);
  const network = Object.entries(NETWORKS).find(([, name]) => name === plain.neural_network)?.[0];
  if (network) next = { ...next, network: network as Network };
  else if (typeof plain.neural_network === "string") notes.push(`There is no network ${plain.neural_network} here; ${form.network} stays.`);
  const algorithm = Object.entries(ALGORITHMS).find(([, name]) => name === plain.training_algorithm)?.[0];
  if (algorithm) next = withAlgorithm(next, options, algorithm as Algorithm);
  else if (typeof plain.training_algorithm === "string") notes.push(`There is no algorithm ${plain.training_algorithm} here; ${form.algorithm} stays.`);
  return { form: next, notes };
}

/** The sensor of the first of their names: cameras before lidars, as a car of theirs has one of each at most. */
function sensorOf(named: readonly string[], sensors: readonly string[]): string | null {
  const ordered = [...named].sort((one, other) => Number(other.includes("CAMERA")) - Number(one.includes("CAMERA")));
  const found = ordered.map((name) => SENSORS.find(([theirs]) => theirs === name)?.[1]);
  return found.find((name): name is string => name !== undefined && sensors.includes(name)) ?? null;
}

function takeHyperparameters(form: Form, plain: Plain, options: Offered): Taken {
  const known = Object.entries(plain).filter(([name]) => name in form.hyperparameters);
  const rest = Object.keys(plain).filter((name) => !(name in form.hyperparameters));
  const values = known.map(([name, value]): [string, unknown] => [name, name === "loss_type" ? lossOf(value) : value]);
  const notes = [`${known.map(([name]) => name).join(", ")}.`];
  const others = new Set([...WITHOUT_EFFECT, ...options.algorithms.flatMap(({ hyperparameters }) => Object.keys(hyperparameters))]);
  const idle = rest.filter((name) => others.has(name));
  const strange = rest.filter((name) => !others.has(name));
  if (idle.length > 0) notes.push(`Without effect here: ${idle.join(", ")}.`);
  if (strange.length > 0) notes.push(`Not known: ${strange.join(", ")}.`);
  return { form: withHyperparameters(form, Object.fromEntries(values)), notes };
}

/** Console and files write the loss in different cases. */
function lossOf(value: unknown): string {
  const name = String(value).toLowerCase();
  return name === "mean squared error" ? "mse" : name;
}

interface Car {
  sensor: string;
  network: Network;
  algorithm: Algorithm;
  action_space: ActionSpace;
}

export function metadataText({ sensor, network, algorithm, action_space: space }: Car): string {
  const plain = {
    action_space: Array.isArray(space) ? space.map((action, index) => ({ ...action, index })) : space,
    sensor: [SENSORS.find(([, , like]) => like.test(sensor))?.[0] ?? CAMERA],
    neural_network: NETWORKS[network],
    training_algorithm: ALGORITHMS[algorithm],
    action_space_type: Array.isArray(space) ? "discrete" : "continuous",
    version: "5",
  };
  return `${JSON.stringify(plain, null, 2)}\n`;
}

export function hyperparametersText(values: Readonly<Record<string, unknown>>): string {
  return `${JSON.stringify(values, null, 2)}\n`;
}
