import { describe, expect, it } from "vitest";
import { C, S, X, Y } from "../../src/sim/car";
import { Race, type Outcome, type RaceRules, type Stop } from "../../src/sim/race";
import { turned } from "../../src/sim/track";
import { bytes, track, vectors } from "./vectors";

interface HandCase {
  track: string;
  turned: boolean;
  rules: RaceRules;
  actions: string;
  race: Outcome;
  stops: Stop[];
  poses: { tick: number; pose: number[] }[];
}

const { cases } = vectors<{ cases: HandCase[] }>("hand");

describe("a race driven by hand", () => {
  it.each(cases)("goes as in Python on $track, $race.off_tracks × off the road, $race.crashes crashes", (one) => {
    const road = track(one.track);
    const race = new Race(one.turned ? turned(road) : road, one.rules);
    const actions = new Int8Array(bytes(one.actions));
    const poses = new Map(one.poses.map(({ tick, pose }) => [tick, pose]));
    for (let at = 0; at < actions.length; at += 2) {
      expect(race.over).toBe(false);
      // Where the car is put back, the tick's pose is where it left.
      const driven = race.episode;
      race.tick(actions[at]!, actions[at + 1]!);
      const known = poses.get(race.ticks);
      const { motion } = driven.state;
      [X, Y, C, S].forEach((axis, column) => known && expect(motion[axis]).toBeCloseTo(known[column]!, 5));
    }
    expect(race.stops).toEqual(one.stops);
    const { progress, ...counted } = race.outcome;
    const { progress: expected, ...known } = one.race;
    expect(counted).toEqual(known);
    expect(progress).toBeCloseTo(expected, 4);
    expect(race.penalty_ms).toBe(one.stops.reduce((all, { ms }) => all + ms, 0));
  });

  it("is over where its time is, also if the car leaves the road in the last tick", () => {
    const road = track(cases[0]!.track);
    const rules = { ...cases[0]!.rules, most_resets: 9, limit_s: 60 };
    const drive = (race: Race): void => {
      while (!race.over && race.stops.length === 0) race.tick(127, 127);
    };
    const long = new Race(road, rules);
    drive(long);
    expect(long.over).toBe(false);
    const short = new Race(road, rules);
    Object.defineProperty(short.trial, "maxTicks", { value: long.ticks });
    drive(short);
    expect(short.stops).toHaveLength(1);
    expect(short.over).toBe(true);
  });

  it("has a case of each end, and one that leaves the road, crashes and completes its laps", () => {
    expect(cases.some(({ race }) => race.finished && race.off_tracks > 0 && race.crashes > 0 && race.laps_ms.length > 1)).toBe(true);
    expect(cases.some(({ race, rules }) => race.off_tracks + race.crashes > rules.most_resets)).toBe(true);
    expect(cases.some(({ actions, rules }) => bytes(actions).length === 2 * 15 * rules.limit_s)).toBe(true);
    expect(cases.some(({ stops }) => stops.length === 0)).toBe(true);
  });
});
