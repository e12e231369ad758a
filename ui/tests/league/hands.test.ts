import { describe, expect, it } from "vitest";
import { drivable, standingOf } from "../../src/league/hands";
import type { Standing } from "../../src/league/wire";
import { TIME_TRIAL } from "../../src/sim/raceTypes";

const outcome = { finished: true, laps_ms: [12_000, 10_000], total_ms: 22_000, best_ms: 10_000, average_ms: 11_000, off_tracks: 0, crashes: 0, progress: 100 };
type Row = Pick<Standing, "player_id" | "time_ms">;
const row = (player_id: string, time_ms: number | null): Row => ({ player_id, time_ms });
const rules = { laps: 2, consecutive: 2, off_track_ms: 2000, crash_ms: 5000, most_resets: 9, limit_s: 60, race: TIME_TRIAL, seed: 0 };
const race = (...hands: Row[]) => ({ ranking: "total_time" as const, rules, hands });

describe("where a drive would stand among people", () => {
  it.each([
    [race(), "The first time driven by hand."],
    [race(row("me", 23_000)), "Place 1 of 1 among hands."],
    [race(row("ann", 21_000), row("bob", 22_000), row("eve", 23_000), row("joe", null)), "Place 3 of 5 among hands."],
    [race(row("me", 23_000), row("ann", 21_000)), "Place 2 of 2 among hands."],
    [race(row("me", 21_500), row("ann", 21_000)), "Your earlier 21.500 s stays ahead of it."],
    [{ ...race(row("ann", 9_000)), ranking: "best_lap" as const }, "Place 2 of 2 among hands."],
  ])("is told, case %#", (one, words) => {
    expect(standingOf(one, outcome, "me")).toBe(words);
  });

  it("says what a time needs where there is none", () => {
    expect(standingOf(race(), { ...outcome, total_ms: null }, null)).toContain("total time asks for 2 laps");
  });
});

describe("races that are driven by hand", () => {
  it("are those whose rules the page has", () => {
    expect(drivable({ rules })).toBe(true);
    expect(drivable({ rules: { race: { type: "head_to_head" } } })).toBe(false);
  });
});
