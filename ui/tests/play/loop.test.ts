import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { TICK_MS } from "../../src/play/drive";
import { Loop } from "../../src/play/loop";

describe("the loop", () => {
  let frame: (() => void) | undefined;
  let ticks: number[];
  let shares: number[];
  let loop: Loop;

  beforeEach(() => {
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "performance"] });
    vi.stubGlobal("requestAnimationFrame", (next: () => void) => ((frame = next), 1));
    vi.stubGlobal("cancelAnimationFrame", () => (frame = undefined));
    ticks = [];
    shares = [];
    loop = new Loop(
      TICK_MS,
      (now) => ticks.push(now),
      (_now, _passed, share) => shares.push(share),
    );
    loop.open();
  });

  afterEach(() => {
    loop.close();
    vi.useRealTimers();
    vi.unstubAllGlobals();
  });

  /** Let time pass with a frame every `every_ms`. */
  function pass(total_ms: number, every_ms: number): void {
    for (let at = 0; at < total_ms; at += every_ms) {
      vi.advanceTimersByTime(every_ms);
      frame?.();
    }
  }

  it("ticks fifteen times a second at any display rate", () => {
    for (const every_ms of [4, 16.7, 33]) {
      ticks = [];
      loop.run();
      pass(2000, every_ms);
      loop.halt();
      expect(Math.abs(ticks.length - 31)).toBeLessThanOrEqual(1);
    }
  });

  it("ticks on time between two slow frames", () => {
    loop.run();
    vi.advanceTimersByTime(Math.ceil(TICK_MS) + 1);
    expect(ticks.length).toBe(2);
  });

  it("waits for a display that shows nothing", () => {
    loop.run();
    vi.advanceTimersByTime(5000);
    expect(ticks.length).toBe(2);
    frame?.();
    expect(ticks.length).toBe(3);
  });

  it("tells a frame how far the tick has come", () => {
    loop.run();
    pass(60, 20);
    shares.forEach((share, i) => expect(share).toBeCloseTo((20 * (i + 1)) / TICK_MS, 5));
  });

  it("keeps a clock that stands still while the world waits", () => {
    loop.run();
    pass(300, 10);
    const before = loop.clock();
    expect(before).toBeCloseTo(300, 0);
    vi.advanceTimersByTime(5000);
    expect(loop.clock() - before).toBeLessThanOrEqual(3 * TICK_MS);
    const stalled = loop.clock();
    vi.advanceTimersByTime(5000);
    expect(loop.clock()).toBe(stalled);
    loop.halt();
    expect(loop.clock()).toBeGreaterThanOrEqual(stalled);
  });

  it("does not tick before it runs or after it is halted", () => {
    pass(500, 16);
    expect(ticks).toEqual([]);
    loop.run();
    loop.halt();
    pass(500, 16);
    expect(ticks.length).toBe(1);
    expect(shares.at(-1)).toBe(1);
  });
});
