import { describe, expect, it } from "vitest";
import { clockTime, gap, lapTime, originOf, prizeOf, rulesOf, seasons, sharesOf, withoutFinal } from "../../src/league/words";
import type { Race, RaceRow } from "../../src/league/wire";
import { TIME_TRIAL } from "../../src/sim/raceTypes";

const RULES = { laps: 3, consecutive: 3, off_track_ms: 2000, crash_ms: 5000, most_resets: 10_000, limit_s: 600, race: TIME_TRIAL, seed: 0 };

describe("times", () => {
  it.each([
    [12_345, "12.345"],
    [62_005, "1:02.005"],
    [0, "0.000"],
  ])("%d ms are %s", (ms, text) => expect(lapTime(ms)).toBe(text));
  it("are told to tenths by a clock", () => expect([0, 12.345, 62.05].map(clockTime)).toEqual(["0.0", "12.3", "1:02.0"]));
  it("have a gap but for the first", () => expect([null, 0, 120].map(gap)).toEqual(["", "", "+0.120"]));
});

describe("rules", () => {
  it("are sentences", () => {
    const found = rulesOf({ rules: RULES, ranking: "average_lap", direction: "reverse" });
    expect(found[0]).toContain("3 laps");
    expect(found[0]).toContain("against");
    expect(found[1]).toBe("The best average of 3 laps in a row counts.");
    expect(found[2]).toContain("2.0\u00a0s");
    expect(found).toHaveLength(4);
  });
  it("say what else is on the road", () => {
    const race = { ...TIME_TRIAL, type: "head_to_bot" as const, objects: 2, speed_mps: 0.5, changes: true, change_s: [1, 5] };
    const told = (one: typeof RULES.race): string => rulesOf({ rules: { ...RULES, race: one }, ranking: "best_lap", direction: "forward" }).join(" ");
    expect(told(race)).toContain("2 bot cars at 0.5 m/s, changing lanes every 1 to 5 s, beginning at places drawn for all racers alike.");
    expect(told({ ...TIME_TRIAL, type: "object_avoidance", objects: 1, places: [{ percent: 20, lane: "inside" }] })).toContain("1 box on the road, at 20 % inside.");
    expect(told(TIME_TRIAL)).not.toContain("metre behind");
  });

  it("say when resets end the race", () => {
    const last = (most_resets: number): string => rulesOf({ rules: { ...RULES, most_resets }, ranking: "best_lap", direction: "forward" })[3]!;
    expect(last(0)).toBe("The first of these ends the race.");
    expect(last(3)).toBe("More than 3 resets end the race.");
  });
});

describe("head to head", () => {
  it("tells of qualifying and the final, and of no crash penalty", () => {
    const told = rulesOf({ rules: { ...RULES, race: { ...TIME_TRIAL, type: "head_to_head" } }, ranking: "best_lap", direction: "forward" }).join(" ");
    expect(told).toContain("Each policy first drives alone, to qualify. The shortest lap counts.");
    expect(told).toContain("first home in the final wins");
    expect(told).not.toContain("a crash");
  });
  it("says why there was no final", () => {
    const race = (changes: Partial<Race>): string => withoutFinal({ type: "head_to_head", state: "closed", final: null, ...changes });
    expect(race({})).toContain("Fewer than two");
    expect(race({ final: { state: "failed", note: "It broke." } as Race["final"] })).toContain("It broke.");
    expect([race({ state: "open" }), race({ type: "time_trial" }), race({ final: { state: "done" } as Race["final"] })]).toEqual(["", "", ""]);
  });
});

describe("prizes", () => {
  it("name the places", () => {
    expect(prizeOf({ prize_micro: 10_000_000, shares: [60, 40] })).toBe("10.00\u00a0cr in escrow: 6.00\u00a0cr for place 1, 4.00\u00a0cr for place 2.");
    expect(prizeOf({ prize_micro: 0, shares: [] })).toBe("");
  });
  it.each([
    ["50, 30 20", [50, 30, 20]],
    ["100", [100]],
    ["60, 50", null],
    ["0", null],
    ["1.5", null],
    ["", null],
  ])("%s are shares %o", (typed, wanted) => expect(sharesOf(typed)).toEqual(wanted));
});

describe("lists", () => {
  const row = (id: string, season: string): RaceRow => ({ id, season }) as RaceRow;
  it("group by season in the order given", () => {
    const found = seasons([row("a", "2"), row("b", "1"), row("c", "2")]);
    expect(found.map(([season, rows]) => [season, rows.map(({ id }) => id)])).toEqual([["2", ["a", "c"]], ["1", ["b"]]]);
  });
  it("say what was entered", () => {
    expect(originOf({ kind: "hand", origin: {} })).toBe("By hand");
    expect(originOf({ kind: "policy", origin: { campaign_id: "c", campaign: "Crowd" } })).toBe("Champion of Crowd");
    expect(originOf({ kind: "policy", origin: { file: "mine" } })).toBe("mine");
    expect(originOf({ kind: "policy", origin: { run_id: "r", which: "best" } })).toBe("Best policy of a run");
  });
});
