/** DeepRacer's `model_metadata.json` and `hyperparameters.json`, read into the form and written from it. Pure. */
import { parseActions, type ActionSpace } from "../sim/actions";
import { withActions, withAlgorithm, withHyperparameters, type Form } from "./form";
import type { Algorithm, GarageOptions } from "./wire";

type Plain = Record<string, unknown>;

export interface Taken {
  form: Form;
  /** what was read, and what has no counterpart here */
  notes: string[];
}

/** Their names of networks, by ours. */
const NETWORKS = { shallow: "DEEP_CONVOLUTIONAL_NETWORK_SHALLOW", deep: "DEEP_CONVOLUTIONAL_NETWORK" } as const;
/** Their names of algorithms, by ours; the last is ours alone. */
const ALGORITHMS: Record<Algorithm, string> = { ppo: "clipped_ppo", sac: "sac", "policy-gradient": "policy_gradient" };
const CAMERA = "FRONT_FACING_CAMERA";
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
  else if (named.length === 1 && named[0] !== CAMERA && named[0] !== "LIDAR") notes.push(`${named[0]} has no exact counterpart here.`);
  const network = Object.entries(NETWORKS).find(([, name]) => name === plain.neural_network)?.[0];
  if (network) next = { ...next, network: network as Form["network"] };
  else if (typeof plain.neural_network === "string") notes.push(`There is no network ${plain.neural_network} here; ${form.network} stays.`);
  const algorithm = Object.entries(ALGORITHMS).find(([, name]) => name === plain.training_algorithm)?.[0];
  if (algorithm) next = withAlgorithm(next, options, algorithm as Algorithm);
  else if (typeof plain.training_algorithm === "string") notes.push(`There is no algorithm ${plain.training_algorithm} here; ${form.algorithm} stays.`);
  return { form: next, notes };
}

/** The sensor that comes nearest to theirs: the camera in their size, else the lidar. */
function sensorOf(named: readonly string[], sensors: readonly string[]): string | null {
  if (named.some((name) => name.includes("CAMERA"))) {
    return sensors.find((name) => name === "camera-160x120") ?? sensors.find((name) => name.startsWith("camera")) ?? null;
  }
  return named.some((name) => name.includes("LIDAR")) ? (sensors.find((name) => name === "lidar") ?? null) : null;
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
  network: string;
  algorithm: Algorithm;
  action_space: ActionSpace;
}

export function metadataText({ sensor, network, algorithm, action_space: space }: Car): string {
  const plain = {
    action_space: Array.isArray(space) ? space.map((action, index) => ({ ...action, index })) : space,
    sensor: [sensor === "lidar" ? "LIDAR" : CAMERA],
    neural_network: NETWORKS[network === "deep" ? "deep" : "shallow"],
    training_algorithm: ALGORITHMS[algorithm],
    action_space_type: Array.isArray(space) ? "discrete" : "continuous",
    version: "5",
  };
  return `${JSON.stringify(plain, null, 2)}\n`;
}

export function hyperparametersText(values: Readonly<Record<string, unknown>>): string {
  return `${JSON.stringify(values, null, 2)}\n`;
}
