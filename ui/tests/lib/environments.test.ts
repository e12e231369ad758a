import { describe, expect, it } from "vitest";
import { ENVIRONMENTS } from "../../src/lib/environments";
import { inWords } from "../../src/lib/outcome";
import type { Wire } from "../../src/lib/api";

const snake = ENVIRONMENTS["snake-v0"];
const takeover = (changes: object): Wire<"Takeover"> =>
  ({ first_tick: 8, ticks: 5, value: 1, alone_crash_s: null, yours_crash_s: null, alone_progress_m: 0, yours_progress_m: 1, ...changes }) as Wire<"Takeover">;

describe("words of Snake", () => {
  it("count foods, also lost ones", () => {
    expect([snake.valued(2), snake.valued(1), snake.valued(-1), snake.valued(0)]).toEqual(["+2 foods", "+1 food", "−1 food", "0 foods"]);
    expect([snake.progress(3), snake.progress(-1), snake.progress(0)]).toEqual(["3 foods", "−1 food", "0 foods"]);
  });

  it("tell a takeover", () => {
    expect(inWords(takeover({ alone_crash_s: 1.5 }), snake)).toBe("Alone, the model dies 1.5\u00a0s after you took over. With your hands it lived on.");
    expect(inWords(takeover({ value: -2 }), snake)).toBe("With your hands it ate 2 foods fewer than the model alone.");
  });
});
