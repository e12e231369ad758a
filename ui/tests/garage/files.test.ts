import { describe, expect, it } from "vitest";
import { hyperparametersText, metadataText, takeFile } from "../../src/garage/files";
import { actionsOf, emptyForm, hyperparametersOf } from "../../src/garage/form";
import { OPTIONS, PPO, TRACKS } from "./samples";

const form = emptyForm(OPTIONS, TRACKS);
const take = (plain: unknown) => takeFile(form, JSON.stringify(plain), OPTIONS);

describe("model_metadata.json", () => {
  const theirs = {
    action_space: [
      { index: 0, steering_angle: "-30", speed: 0.6 },
      { index: 1, steering_angle: 30, speed: 0.6 },
    ],
    sensor: ["FRONT_FACING_CAMERA"],
    neural_network: "DEEP_CONVOLUTIONAL_NETWORK_SHALLOW",
    training_algorithm: "clipped_ppo",
    action_space_type: "discrete",
    version: "5",
  };

  it("fills in actions, sensor and network", () => {
    const { form: taken, notes } = take(theirs);
    expect(actionsOf(taken)).toEqual([{ steering_angle: -30, speed: 0.6 }, { steering_angle: 30, speed: 0.6 }]);
    expect([taken.sensor, taken.network]).toEqual(["camera-160x120", "shallow"]);
    expect(notes).toEqual(["2 actions.", "Sensor camera-160x120."]);
  });

  it("says what has no counterpart", () => {
    const space = { steering_angle: { low: -20, high: 20 }, speed: { low: "0.5", high: 2 } };
    const { form: taken, notes } = take({ action_space: space, sensor: ["STEREO_CAMERAS", "SECTOR_LIDAR"], neural_network: "HUGE", training_algorithm: "dqn" });
    expect(taken.kind).toBe("ranges");
    expect(notes).toEqual([
      "A continuous action space.",
      "Sensor stereo-160x120.",
      "Of the sensors STEREO_CAMERAS, SECTOR_LIDAR a car has one here.",
      "There is no network HUGE here; shallow stays.",
      "There is no algorithm dqn here; ppo stays.",
    ]);
    expect(take({ action_space: space, sensor: ["SONAR"] }).notes).toContain("None of SONAR is offered here.");
  });

  it("comes back as it was written", () => {
    const car = { sensor: "sector-lidar-8x4", network: "deepracer-deep-deep" as const, algorithm: "sac" as const, action_space: actionsOf(form) };
    const { form: taken, notes } = takeFile({ ...form, network: "shallow", choices: [] }, metadataText(car), OPTIONS);
    expect({ sensor: taken.sensor, network: taken.network, algorithm: taken.algorithm, action_space: actionsOf(taken) }).toEqual(car);
    expect(notes).toEqual(["10 actions.", "Sensor sector-lidar-8x4."]);
  });
});

describe("hyperparameters.json", () => {
  it("fills in what is known and names the rest", () => {
    const { form: taken, notes } = take({ batch_size: 128, lr: 1e-4, loss_type: "Mean squared error", e_greedy_value: 0.05, sac_alpha: 0.2, gamma: 1 });
    expect(hyperparametersOf(taken)).toEqual({ ...PPO.hyperparameters, batch_size: 128, lr: 1e-4, loss_type: "mse" });
    expect(notes).toEqual(["batch_size, lr, loss_type.", "Without effect here: e_greedy_value, sac_alpha.", "Not known: gamma."]);
  });

  it("comes back as it was written", () => {
    const { form: taken } = takeFile({ ...form, hyperparameters: { ...form.hyperparameters, lr: "1" } }, hyperparametersText(PPO.hyperparameters), OPTIONS);
    expect(hyperparametersOf(taken)).toEqual(PPO.hyperparameters);
  });
});

describe("another file", () => {
  it.each([
    ["{", /no JSON/],
    ["[1]", /no JSON object/],
    ['{"a": 1}', /neither a model_metadata.json/],
    ['{"action_space": [{"speed": 1}]}', /action 0/],
  ])("%s is refused", (text, reason) => expect(() => takeFile(form, text, OPTIONS)).toThrow(reason));
});
