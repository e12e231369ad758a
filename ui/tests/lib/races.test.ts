import { describe, expect, it } from "vitest";
import { raceFaults, raceOf, typedRace } from "../../src/lib/races";
import { TIME_TRIAL } from "../../src/sim/raceTypes";

const bots = { ...TIME_TRIAL, type: "head_to_bot" as const, objects: 2, places: [{ percent: 20, lane: "inside" as const }, { percent: 50.5, lane: "outside" as const }], speed_mps: 0.7, changes: true, change_s: [1, 3] };
const found = (changed: Partial<ReturnType<typeof typedRace>>): string[] => Object.entries(raceFaults({ ...typedRace(bots), ...changed })).flatMap(([field, fault]) => (fault === null ? [] : [field]));

describe("a race type as a form", () => {
  it.each([TIME_TRIAL, bots, { ...TIME_TRIAL, type: "head_to_head" as const }, { ...TIME_TRIAL, type: "object_avoidance" as const, objects: 6 }])("comes back from $type", (race) => {
    expect(raceOf(typedRace(race))).toEqual(race);
    expect(Object.values(raceFaults(typedRace(race))).every((fault) => fault === null)).toBe(true);
  });

  it("says what is wrong where the server would", () => {
    expect(found({ speed: "7" })).toEqual(["race.speed_mps"]);
    expect(found({ least: "4", most: "3" })).toEqual(["race.change_s"]);
    expect(found({ places: [{ percent: "20", lane: "inside" }, { percent: "32", lane: "inside" }] })).toEqual(["race.places"]);
    expect(found({ places: [{ percent: "", lane: "inside" }, { percent: "50", lane: "inside" }] })).toEqual(["race.places"]);
    expect(found({ type: "time_trial", speed: "7" })).toEqual([]);
  });

  it("keeps nothing of boxes and bots where there are none", () => {
    const typed = { ...typedRace(bots), type: "head_to_head" as const, speed: "7" };
    expect(raceOf(typed)).toEqual({ ...TIME_TRIAL, type: "head_to_head" });
    expect(Object.values(raceFaults(typed)).every((fault) => fault === null)).toBe(true);
  });

  it("asks for what a cleared type asks for, too", () => expect(found({ fixed: false, speed: "0,2" })).toEqual([]));
});
