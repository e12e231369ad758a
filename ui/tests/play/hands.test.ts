import { beforeEach, describe, expect, it } from "vitest";
import { GRACE_MS, Hands } from "../../src/play/hands";

describe("hands", () => {
  let hands: Hands;
  beforeEach(() => {
    hands = new Hands();
    hands.follow(0.4, 0.2, 1000);
  });

  it("take over from the car's own command, without a jerk", () => {
    hands.press("right", 1000);
    expect(hands.steer).toBe(0.4);
    hands.advance(1010);
    expect(hands.steer).toBeGreaterThan(0.3);
    expect(hands.steer).toBeLessThan(0.4);
  });

  it("steer at a rate up to full lock and come back to the middle faster", () => {
    hands.follow(0, 0, 1000);
    hands.press("left", 1000);
    hands.advance(1100);
    const out = hands.steer;
    expect(out).toBeGreaterThan(0.2);
    expect(out).toBeLessThan(0.6);
    hands.advance(3000);
    expect(hands.steer).toBe(1);
    hands.press("wheel", 3000);
    hands.release("left", 3000);
    hands.advance(3100);
    expect(1 - hands.steer).toBeGreaterThan(out);
    hands.advance(4000);
    expect(hands.steer).toBe(0);
  });

  it("keep the speed where no key asks for another", () => {
    hands.press("wheel", 1000);
    hands.advance(2000);
    expect(hands.throttle).toBe(0.2);
    hands.press("down", 2000);
    hands.advance(2100);
    expect(hands.throttle).toBeLessThan(0.2);
    hands.advance(9000);
    expect(hands.throttle).toBe(-1);
  });

  it("count tapping as one takeover and hand back after the grace", () => {
    expect(hands.driving(1000)).toBe(false);
    hands.press("left", 1000);
    hands.release("left", 1050);
    expect(hands.driving(1050 + GRACE_MS - 1)).toBe(true);
    expect(hands.driving(1050 + GRACE_MS)).toBe(false);
  });

  it("hold on while another key is down", () => {
    hands.press("left", 1000);
    hands.press("up", 1010);
    hands.release("left", 1020);
    expect(hands.driving(5000)).toBe(true);
    hands.release("up", 5000);
    expect(hands.driving(5000 + GRACE_MS)).toBe(false);
  });

  it("let go of everything at once when the window loses the focus", () => {
    hands.press("left", 1000);
    hands.letGo(1010);
    expect(hands.driving(1010)).toBe(false);
  });

  it("follow a stick, and keep the speed where it does not move", () => {
    hands.hold({ steer: -0.5, throttle: null }, 1000);
    hands.advance(2000);
    expect(hands.steer).toBe(-0.5);
    expect(hands.throttle).toBe(0.2);
    hands.hold(null, 2000);
    expect(hands.driving(2000 + GRACE_MS)).toBe(false);
  });

  it("drive all of it when the switch is on", () => {
    hands.always = true;
    expect(hands.driving(1000)).toBe(true);
  });
});
