import { describe, expect, it } from "vitest";
import { MOMENT_MS, Takeover } from "../../src/snake/takeover";
import { DOWN, RIGHT, UP } from "../../src/snake/hands";

describe("hands on a snake", () => {
  it("take over with a press and turn at the next tick", () => {
    const hands = new Takeover();
    expect(hands.take(1000)).toBeNull();
    hands.press("up", 1010);
    expect(hands.take(1125)).toBe(-1);
    hands.heading = UP;
    expect(hands.take(1250)).toBe(0); // held: straight on
  });

  it("keep the snake between taps and hand back after a moment", () => {
    const hands = new Takeover();
    hands.press("down", 1000);
    hands.release("down", 1040);
    expect(hands.take(1125)).toBe(1);
    hands.heading = DOWN;
    expect(hands.take(1040 + MOMENT_MS - 1)).toBe(0);
    expect(hands.take(1040 + MOMENT_MS)).toBeNull();
  });

  it("hold on with the space bar, a finger or a stick, without a turn", () => {
    for (const held of ["wheel", "finger", "stick"] as const) {
      const hands = new Takeover();
      hands.press(held, 1000);
      expect([hands.take(1100), hands.take(9000)]).toEqual([0, 0]);
      hands.release(held, 9000);
      expect(hands.take(9000 + MOMENT_MS)).toBeNull();
    }
  });

  it("turn by what a held finger wishes", () => {
    const hands = new Takeover();
    hands.press("finger", 1000);
    hands.wish(UP);
    expect(hands.take(1100)).toBe(-1);
  });

  it("forget a wish once the model has the snake, and everything when the window loses the focus", () => {
    const hands = new Takeover();
    hands.press("up", 1000);
    hands.letGo(1010);
    expect(hands.take(1020)).toBeNull();
    hands.press("wheel", 1100);
    expect(hands.take(1125)).toBe(0);
    hands.release("wheel", 1130);
    hands.wish(UP);
    expect(hands.take(5000)).toBeNull();
    hands.press("right", 5100);
    expect(hands.take(5125)).toBe(0);
    expect(hands.heading).toBe(RIGHT);
  });

  it("play all of it when the switch is on", () => {
    const hands = new Takeover();
    hands.always = true;
    expect(hands.take(1000)).toBe(0);
  });
});
