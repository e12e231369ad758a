/** What the server might answer, for the tests of the garage. */
import type { AlgorithmOptions, GarageOptions, Run, TrackSummary } from "../../src/garage/wire";

const SOURCE = "def reward_function(params):\n    return 1.0\n";

export const PPO: AlgorithmOptions = {
  name: "ppo",
  hyperparameters: { batch_size: 64, num_epochs: 10, lr: 3e-4, beta_entropy: 0.01, discount_factor: 0.99, loss_type: "huber", num_episodes_between_training: 20 },
  ranges: {
    batch_size: [32, 64, 128, 256, 512],
    num_epochs: [3, 10],
    lr: [1e-8, 1e-3],
    beta_entropy: [0, 1],
    discount_factor: [0, 1],
    loss_type: ["huber", "mse"],
    num_episodes_between_training: [5, 100],
  },
};

export const SAC: AlgorithmOptions = {
  name: "sac",
  hyperparameters: { batch_size: 64, lr: 3e-4, discount_factor: 0.99, loss_type: "mse", num_episodes_between_training: 1, sac_alpha: 0.2 },
  ranges: { ...PPO.ranges, num_episodes_between_training: [1, 100], sac_alpha: [0, 1] },
};

export const OPTIONS: GarageOptions = {
  algorithms: [PPO, SAC],
  sensors: ["lidar", "sector-lidar", "sector-lidar-8x4", "camera-48x32", "camera-160x120", "stereo-160x120"],
  networks: ["shallow", "deep", "deepracer-shallow", "deepracer-deep", "deepracer-deep-deep"],
  steering_granularities: [3, 5, 7],
  examples: [{ name: "Always one", source: SOURCE }],
};

export const TRACKS: TrackSummary[] = [{ id: "kidney", name: "Kidney", length_m: 26.8, half_width_m: 0.45 }];

export const RUN: Run = {
  id: "run_1",
  name: "Slow",
  track: "kidney",
  state: "done",
  progress: 1,
  note: "",
  seconds: 60,
  steps: 120_000,
  completion: 84.2,
  best_lap_ms: 21_685,
  created_at: "2026-11-21T10:00:00Z",
  finished_at: "2026-11-21T10:01:00Z",
  order: {
    source: SOURCE,
    track: "kidney",
    direction: "reverse",
    sensor: "camera-48x32",
    network: "deep",
    action_space: [
      { steering_angle: -30, speed: 0.5 },
      { steering_angle: 12.5, speed: 1.25 },
    ],
    hyperparameters: { ...PPO.hyperparameters, lr: 1e-4 },
    minutes: 1.5,
    seed: 7,
    origin: null,
    algorithm: "ppo",
    race: null,
  },
  iterations: [],
  printed: [],
  faults: [],
  race: null,
  policies: { best: true, latest: true },
};
