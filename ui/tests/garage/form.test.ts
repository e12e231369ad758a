import { describe, expect, it } from "vitest";
import { generate } from "../../src/sim/actions";
import { numberIn } from "../../src/lib/format";
import { actionsOf, cloned, emptyForm, faults, GENERATOR, nextName, orderOf, rangeOfHyper, withActions, withAlgorithm } from "../../src/garage/form";
import { TIME_TRIAL } from "../../src/sim/raceTypes";
import { OPTIONS, PPO, RUN, SAC, TRACKS } from "./samples";

const form = () => emptyForm(OPTIONS, TRACKS);
const found = (changed: Partial<ReturnType<typeof form>>, origin: number | null = null) => {
  const all = faults({ ...form(), ...changed }, PPO.ranges, origin);
  return Object.fromEntries(Object.entries(all).filter(([, fault]) => fault !== null));
};

describe("numbers as typed", () => {
  it.each([["0.5", 0.5], ["0,5", 0.5], [" 3e-4 ", 3e-4], ["\u221230", -30], ["-30", -30], ["", null], ["1.2.3", null], ["NaN", null], ["0x1", null]])("%o", (text, value) =>
    expect(numberIn(text)).toBe(value),
  );
});

describe("a new form", () => {
  it("can be sent as it is, with the track's name", () => {
    expect(found({})).toEqual({});
    expect(orderOf(form(), "Kidney")).toEqual({
      name: "Kidney",
      source: OPTIONS.examples[0]!.source,
      track: "kidney",
      direction: "forward",
      sensor: "lidar",
      network: "shallow",
      action_space: generate(GENERATOR),
      algorithm: "ppo",
      hyperparameters: PPO.hyperparameters,
      minutes: 5,
      seed: 0,
      origin: null,
      race: TIME_TRIAL,
    });
  });
});

describe("faults", () => {
  it("name the field and what it may be", () => {
    expect(found({ name: "<b>", minutes: "0", seed: "1.5", source: " " })).toEqual({
      name: "No angle brackets.",
      minutes: "A number from 0.1 to 1440.",
      seed: "A whole number from 0 to 2147483647.",
      source: "A function reward_function(params).",
    });
  });

  it("know the ranges of hyperparameters, and which are whole", () => {
    const hyperparameters = { ...form().hyperparameters, lr: "1", num_epochs: "3.5", batch_size: "65", loss_type: "l1", discount_factor: "1" };
    expect(found({ hyperparameters })).toEqual({
      lr: "A number from 1e-8 to 0.001.",
      num_epochs: "A whole number from 3 to 10.",
      batch_size: "One of 32, 64, 128, 256, 512.",
      loss_type: "One of huber, mse.",
    });
    expect(rangeOfHyper([3, 10])).toEqual({ low: 3, high: 10 });
  });

  it("find actions beyond the car, too few, and another number than the policy has", () => {
    const one = { steering_angle: "31", speed: "1" };
    expect(found({ choices: [one, { steering_angle: "0", speed: "" }] })).toEqual({
      "action_space[0]": "Steering: a number from -30 to 30.",
      "action_space[1]": "Speed: a number from 0.1 to 4.",
    });
    expect(found({ choices: [{ steering_angle: "0", speed: "1" }] })).toEqual({ action_space: "2 to 64 actions; there are 1." });
    expect(found({}, 9)).toEqual({ action_space: "The policy it goes on from has 9 actions; there are 10." });
  });

  it("find ranges that are upside down", () => {
    const low = { steering_angle: "10", speed: "1" };
    expect(found({ kind: "ranges", low, high: { steering_angle: "-10", speed: "9" } })).toEqual({
      "action_space.steering_angle": "The low end has to lie below the high one.",
      "action_space.speed": "Speed: a number from 0.1 to 4.",
    });
  });
});

describe("a clone", () => {
  it("orders the same again under the next name", () => {
    const copy = cloned(form(), OPTIONS, RUN, null);
    expect(found(copy)).toEqual({});
    const { source, track, direction, sensor, network, action_space, hyperparameters, minutes, seed, algorithm } = RUN.order;
    expect(orderOf(copy, "")).toEqual({ name: "Slow 2", source, track, direction, sensor, network, action_space, hyperparameters, minutes, seed, algorithm, origin: null, race: TIME_TRIAL });
  });

  it("goes on from a policy", () => expect(cloned(form(), OPTIONS, RUN, "latest").origin).toEqual({ run_id: RUN.id, which: "latest" }));

  it.each([["Kidney", "Kidney 2"], ["Kidney 2", "Kidney 3"], ["n".repeat(32), `${"n".repeat(30)} 2`]])("of %o is named %o", (name, next) => expect(nextName(name)).toBe(next));
});

describe("the action space of a form", () => {
  it("comes back as it was laid in", () => {
    const ranges = { steering_angle: { low: -20, high: 25 }, speed: { low: 0.5, high: 3 } };
    expect(actionsOf(withActions(form(), ranges))).toEqual(ranges);
    expect(actionsOf(withActions(form(), [{ steering_angle: -7.5, speed: 1 }, { steering_angle: 0, speed: 2 }]))).toEqual([
      { steering_angle: -7.5, speed: 1 },
      { steering_angle: 0, speed: 2 },
    ]);
  });

  it("leaves out what cannot be read, so that the rest can be drawn", () => {
    const choices = [{ steering_angle: "x", speed: "1" }, { steering_angle: "3", speed: "1" }];
    expect(actionsOf({ ...form(), choices })).toEqual([{ steering_angle: 3, speed: 1 }]);
  });
});

describe("another algorithm", () => {
  it("has its own hyperparameters; what was changed and is shared stays", () => {
    const changed = { ...form(), hyperparameters: { ...form().hyperparameters, lr: "0.001", num_epochs: "3" } };
    const sac = withAlgorithm(changed, OPTIONS, "sac");
    expect(sac.hyperparameters).toEqual({ batch_size: "64", lr: "0.001", discount_factor: "0.99", loss_type: "mse", num_episodes_between_training: "1", sac_alpha: "0.2" });
    expect(withAlgorithm(sac, OPTIONS, "ppo").hyperparameters.num_epochs).toBe("10");
    expect(faults(sac, SAC.ranges).algorithm).toMatch(/continuous/);
    expect(faults({ ...sac, kind: "ranges" }, SAC.ranges).algorithm).toBeNull();
  });
});
