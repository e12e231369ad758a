import { describe, expect, it } from "vitest";
import { DOWN, Hands, LEFT, RIGHT, turnTowards, UP } from "../../src/snake/hands";

describe("a turn towards a direction", () => {
  it.each([
    [RIGHT, RIGHT, 0],
    [DOWN, RIGHT, 1],
    [UP, RIGHT, -1],
    [LEFT, RIGHT, 0],
    [RIGHT, UP, 1],
    [LEFT, UP, -1],
    [RIGHT, DOWN, -1],
    [UP, DOWN, 0],
  ] as const)("%i while heading %i is %i", (direction, heading, turn) => expect(turnTowards(direction, heading)).toBe(turn));
});

describe("hands", () => {
  it("turn once a tick, in the order of the presses", () => {
    const hands = new Hands();
    hands.press(UP, RIGHT);
    hands.press(LEFT, RIGHT);
    expect([hands.take(RIGHT), hands.take(UP), hands.take(LEFT)]).toEqual([-1, -1, 0]);
  });

  it("keep two presses and no third", () => {
    const hands = new Hands();
    hands.press(UP, RIGHT);
    hands.press(LEFT, RIGHT);
    hands.press(DOWN, RIGHT);
    expect([hands.take(RIGHT), hands.take(UP), hands.take(LEFT)]).toEqual([-1, -1, 0]);
  });

  it("go straight on where the press is the heading or its reverse, and lose no tick to it", () => {
    const hands = new Hands();
    hands.press(LEFT, RIGHT);
    hands.press(RIGHT, RIGHT);
    expect(hands.take(RIGHT)).toBe(0);
    hands.press(RIGHT, RIGHT);
    hands.press(LEFT, RIGHT);
    hands.press(DOWN, RIGHT);
    expect(hands.take(RIGHT)).toBe(1);
  });

  it("judge a press by what is pressed before it", () => {
    const hands = new Hands();
    hands.press(UP, RIGHT);
    hands.press(DOWN, RIGHT); // reverses what is to come
    hands.press(RIGHT, RIGHT); // turns back
    expect([hands.take(RIGHT), hands.take(UP)]).toEqual([-1, 1]);
  });

  it("forget when told to", () => {
    const hands = new Hands();
    hands.press(UP, RIGHT);
    hands.clear();
    expect(hands.take(RIGHT)).toBe(0);
  });
});
