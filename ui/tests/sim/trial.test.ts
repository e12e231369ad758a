import { describe, expect, it } from "vitest";
import { choiceOf, Controls, generate, parseActions, type Choice, type Generator } from "../../src/sim/actions";
import { PRESETS } from "../../src/sim/car";
import { Policy } from "../../src/sim/policy";
import type { RaceType } from "../../src/sim/raceTypes";
import { turned } from "../../src/sim/track";
import { CAR, Trial, type Status } from "../../src/sim/trial";
import { bytes, track, vectors } from "./vectors";

interface EpisodeCase {
  track: string;
  share: number;
  turned: boolean;
  max_ticks: number;
  race: RaceType;
  word: number;
  commands: number[];
  states: { tick: number; metres: number; before: number; waypoint: number; along: number; motion: number[]; wheels: number; status: Status; boxes: number[] }[];
}

interface Trials {
  episodes: EpisodeCase[];
  commands: { policy: string; observations: { vector: number[]; command: number[] }[] }[];
  generated: { form: Generator; list: (Choice & { index: number })[] }[];
}

const { episodes, commands, generated } = vectors<Trials>("trial");

describe("an episode against the clock", () => {
  it.each(episodes)("goes as in Python on $track", (one) => {
    const road = track(one.track);
    const trial = new Trial(one.turned ? turned(road) : road, one.max_ticks, 1, one.race);
    const episode = trial.begin(one.share, one.word);
    const states = new Map(one.states.map((state) => [state.tick, state]));
    for (let tick = 0; ; tick++) {
      const known = states.get(tick);
      if (known) {
        const { state, metres, before, status } = episode;
        const found = { tick, metres, before, waypoint: state.waypoint, along: state.along, motion: [...state.motion], wheels: trial.wheelsOnRoad(state), status, boxes: [...state.boxes] };
        expect(found).toEqual(known); // to the bit
      }
      if (2 * tick === one.commands.length) break;
      expect(episode.status).toBe("in_progress");
      trial.tick(episode, one.commands[2 * tick]!, one.commands[2 * tick + 1]!);
    }
    expect(episode.status).toBe(one.states.at(-1)!.status);
    const lap = trial.lapMs(episode);
    if (episode.status === "lap_complete") expect(lap).toBeLessThanOrEqual(Math.ceil((1000 * episode.step) / 15));
    else expect(lap).toBeNull();
  });

  it("has a case for each common end", () => {
    expect(new Set(episodes.map((one) => one.states.at(-1)!.status))).toEqual(new Set(["lap_complete", "off_track", "time_up", "crashed"]));
  });
});

describe("actions", () => {
  it.each(commands.map((one, number) => ({ number, one })))("command the car as in Python, case $number", ({ one }) => {
    const policy = new Policy(bytes(one.policy).slice().buffer);
    const controls = new Controls(policy.actionSpace, PRESETS[CAR]!);
    for (const { vector, command } of one.observations) {
      const found = controls.decide(policy, policy.act(Float32Array.from(vector), null));
      command.forEach((value, axis) => expect(found[axis]).toBeCloseTo(value, 6));
      if (controls.choice === null) continue;
      const { steering_angle, speed } = (policy.actionSpace as Choice[])[controls.choice]!;
      const told = choiceOf(found, PRESETS[CAR]!);
      expect(told.steering_angle).toBeCloseTo(steering_angle, 3);
      expect(told.speed).toBeCloseTo(speed, 5);
    }
  });

  it.each(generated)("are generated as in Python from $form", ({ form, list }) => {
    expect(generate(form)).toEqual(list.map(({ steering_angle, speed }) => ({ steering_angle: steering_angle + 0, speed })));
  });

  it("are read from files that hold numbers as text, and say what is missing", () => {
    expect(parseActions([{ steering_angle: "-30", speed: "1.5", index: 0 }])).toEqual([{ steering_angle: -30, speed: 1.5 }]);
    expect(() => parseActions([{ speed: 1 }])).toThrow(/action 0/);
    expect(() => parseActions({ speed: { low: 0, high: 1 } })).toThrow(/steering_angle/);
    expect(() => parseActions({ steering_angle: { low: "x", high: 1 }, speed: { low: 0, high: 1 } })).toThrow(/numbers, not "x"/);
  });
});
