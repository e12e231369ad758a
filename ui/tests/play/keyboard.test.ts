import { describe, expect, it } from "vitest";
import { CONDITIONS, freshStart } from "../../src/sim/fresh";
import { MAX_TICKS, Racer } from "../../src/sim/rules";
import { track } from "../sim/vectors";
import { driveByKeys } from "./keyboardPlayer";

describe("keys, pressed 200 ms after the road was seen", () => {
  const racers = ["gen-0", "gen-7"].map((id) => new Racer(track(id), "sport"));

  /** Share of starts driven to the end, past eight boxes a lap. */
  function finished(start_mps: number | null, speed: number, starts: number): number {
    let whole = 0;
    for (let seed = 0; seed < starts; seed++) {
      for (const racer of racers) {
        const start = freshStart(racer.track, CONDITIONS, seed);
        if (start_mps !== null) start.motion[4] = start_mps;
        whole += driveByKeys(racer, start, speed) === MAX_TICKS ? 1 : 0;
      }
    }
    return whole / (2 * starts);
  }

  it("drive twenty seconds at a careful speed", () => {
    expect(finished(null, 1.6, 6)).toBeGreaterThanOrEqual(0.9);
  }, 60_000);

  it("catch a car that the model left at three metres a second", () => {
    expect(finished(3, 1.6, 6)).toBeGreaterThanOrEqual(0.8);
  }, 60_000);
});
