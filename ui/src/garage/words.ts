/** Plain words for runs and what they are asked. Pure. */
import { count } from "../lib/format";
import type { Status } from "../sim/trial";
import type { Algorithm, Network, RewardCheck, Run, RunRow, State, TriedFault } from "./wire";

const GAP = "\u00a0";

/** What is done with a run, said before the first one. */
export const CONSENT =
  "What you train is stored under a name made up for you: the reward function, its figures and its policies. Nobody else sees them; you can delete them at any time.";

/** Why settings cannot be saved or trained with yet. */
export const NEEDS = "Mend the fields that are marked first.";

export const STATE: Record<State, string> = {
  queued: "Waiting",
  running: "Training",
  done: "Done",
  failed: "Failed",
  cancelled: "Cancelled",
};

export const isActive = ({ state }: Pick<RunRow, "state">): boolean => state === "queued" || state === "running";

/** One sentence on each hyperparameter. */
export const HYPER: Record<string, string> = {
  batch_size: "Steps that one gradient step learns from.",
  num_epochs: "Passes over the steps of an iteration before new ones are driven.",
  lr: "Length of a gradient step: large learns fast and forgets fast.",
  beta_entropy: "What trying other actions is worth: large explores for longer.",
  discount_factor: "How much the future counts: at 0.99, a reward 69 steps later counts half.",
  loss_type: "How errors of the estimated value count: huber forgives outliers, mse does not.",
  sac_alpha: "What being unpredictable is worth: large explores for longer.",
  num_episodes_between_training: "Episodes driven by one policy before it is improved.",
};

/** What each algorithm is, in a line. */
export const ALGORITHM: Record<Algorithm, string> = {
  ppo: "PPO: steady, for either kind of action space",
  sac: "SAC: continuous actions; learns from old episodes, too",
  "policy-gradient": "Policy gradient: the simplest there is, for learning how it works",
};

export type Tone = "good" | "bad" | "plain";

/** Whether a fault keeps the car from being trained alone on the track, as all runs here are. */
export const isGrave = ({ races }: TriedFault): boolean => races.length === 0 || races.includes("time_trial");

/** What the check found, in a sentence. */
export function checked(check: RewardCheck): { tone: Tone; sentence: string } {
  const { faults, warnings, call_us } = check;
  if (!check.time_trial) return { tone: "bad", sentence: `${count(faults.filter(isGrave).length, "fault")} to mend before it can be trained with.` };
  const pace = call_us === null ? "" : ` A call takes ${call_us < 9.5 ? call_us.toFixed(1) : Math.round(call_us)}${GAP}µs.`;
  if (!check.objects) return { tone: "good", sentence: `It can be trained with. Boxes on the track would stop it.${pace}` };
  if (warnings.length > 0) return { tone: "good", sentence: `It can be trained with. DeepRacer's own validator would object.${pace}` };
  return { tone: "good", sentence: `It can be trained with, and DeepRacer's own validator would take it.${pace}` };
}

/** A fault with where it showed. */
export function where({ races, states }: TriedFault): string {
  const race = races.length === 1 && races[0] === "objects" ? "With boxes on the track" : "";
  const at = states.length === 0 ? "" : `${race ? ", at" : "At"} ${states.length > 3 ? `${states.slice(0, 3).join(", ")} and ${states.length - 3} more places` : states.join(", ")}`;
  return race || at ? `${race}${at}.` : "";
}

/** To the millisecond: "12.345 s", "1:02.345". */
export function lapTime(ms: number | null): string {
  if (ms === null) return "none";
  const rest = ((ms % 60_000) / 1000).toFixed(3);
  return ms < 60_000 ? `${rest}${GAP}s` : `${Math.floor(ms / 60_000)}:${rest.padStart(6, "0")}`;
}

/** "43.2 %" of a percentage; a dash where there is none. */
export function share(percentage: number | null): string {
  return percentage === null ? "–" : `${percentage.toFixed(1)}${GAP}%`;
}

export function stepsPerSecond({ steps, seconds }: Pick<RunRow, "steps" | "seconds">): string {
  return seconds > 0 ? count(Math.round(steps / seconds), "step") : "–";
}

/** How an episode in the page ended. */
export function ending(status: Status, completed: number, lap_ms: number | null): string {
  const far = `after ${share(100 * completed)} of the lap`;
  switch (status) {
    case "in_progress":
      return "Driving";
    case "lap_complete":
      return `A lap in ${lapTime(lap_ms)}`;
    case "off_track":
      return `Off the track ${far}`;
    case "crashed":
      return `Crashed ${far}`;
    case "immobilized":
      return `Stands still ${far}`;
    case "reversed":
      return `Drives backwards ${far}`;
    case "time_up":
      return `Out of time ${far}`;
  }
}

/** Where a run stands, in a sentence. */
export function standing({ state, progress, note, faults }: Pick<Run, "state" | "progress" | "note" | "faults">): string {
  const words = note === "" ? "" : `${note.charAt(0).toUpperCase()}${note.slice(1)}`;
  switch (state) {
    case "queued":
      return words || "Waiting for its turn.";
    case "running":
      return `${Math.floor(100 * progress)}${GAP}% of its time${words ? ` · ${words}` : ""}`;
    case "done":
      return "Done.";
    case "cancelled":
      return `Cancelled at ${Math.floor(100 * progress)}${GAP}%.`;
    case "failed":
      return faults.length > 0 ? "The reward function ended it." : words || "It failed.";
  }
}

/** "lidar" → "Lidar", "camera-48x32" → "Camera 48 × 32". */
export function sensorName(sensor: string): string {
  const [, kind = sensor, width, height] = /^(.+?)(?:-(\d+)x(\d+))?$/.exec(sensor) ?? [];
  const words = kind.replace("-", " ");
  const name = words.charAt(0).toUpperCase() + words.slice(1);
  return width === undefined ? name : `${name} ${width}${GAP}×${GAP}${height}`;
}

/** Whether a sensor makes pictures, which the layers of DeepRacer's networks need. */
export const seesPictures = (sensor: string): boolean => /^(camera|stereo)-/.test(sensor);

export function SENSOR_MEANS(sensor: string): string {
  if (sensor === "lidar") return "64 distances around the car; learns fastest";
  if (sensor === "sector-lidar") return "whether anything is within half a metre, in 8 directions";
  if (sensor.startsWith("sector-lidar")) return "how near the nearest thing is, coarsely, in each direction";
  if (sensor.startsWith("stereo")) return "two pictures side by side; learns slowly";
  return sensor === "camera-160x120" ? "the picture that DeepRacer uses; learns slowly" : "a small grey picture";
}

/** What each network is, in a line. */
export const NETWORK: Record<Network, string> = {
  shallow: "Shallow: small and quick to train",
  deep: "Deep: larger, for cameras and long roads",
  "deepracer-shallow": "DeepRacer's shallow: three convolutions, 512 units; slow on a CPU",
  "deepracer-deep": "DeepRacer's deep: four convolutions, 64 units; slow on a CPU",
  "deepracer-deep-deep": "DeepRacer's deepest: four convolutions, four dense layers; slow on a CPU",
};
