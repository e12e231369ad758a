import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { DOWN, LEFT, RIGHT, UP } from "../../src/snake/hands";
import { listenKeys, Pad, pointed, Swipe } from "../../src/snake/inputs";

class FakeElement {
  constructor(readonly matches: string[] = []) {}
  closest(selector: string): FakeElement | null {
    return this.matches.some((one) => selector.split(", ").includes(one)) ? this : null;
  }
}

describe("keys", () => {
  let down: (event: unknown) => void;
  const seen: (number | string)[] = [];
  let enabled = true;

  beforeEach(() => {
    seen.length = 0;
    enabled = true;
    vi.stubGlobal("Element", FakeElement);
    vi.stubGlobal("addEventListener", (_: string, listener: typeof down) => (down = listener));
    vi.stubGlobal("removeEventListener", () => undefined);
    listenKeys({ direction: (one) => seen.push(one), space: () => seen.push("space") }, () => enabled);
  });
  afterEach(() => vi.unstubAllGlobals());

  function press(code: string, more: object = {}): boolean {
    let prevented = false;
    down({ code, target: new FakeElement(), preventDefault: () => (prevented = true), ...more });
    return prevented;
  }

  it("are arrows and the letters in the same places", () => {
    for (const code of ["ArrowUp", "ArrowLeft", "ArrowDown", "ArrowRight", "KeyW", "KeyA", "KeyS", "KeyD", "Space"]) press(code);
    expect(seen).toEqual([UP, LEFT, DOWN, RIGHT, UP, LEFT, DOWN, RIGHT, "space"]);
  });

  it("do not scroll the page when held, nor press again", () => {
    expect(press("ArrowDown", { repeat: true })).toBe(true);
    expect(seen).toEqual([]);
  });

  it("stay with text, charts and shortcuts, and with everyone while it is not played", () => {
    expect(press("ArrowUp", { target: new FakeElement(["input"]) })).toBe(false);
    expect(press("ArrowUp", { target: new FakeElement(["[role=slider]"]) })).toBe(false);
    expect(press("Space", { target: new FakeElement(["button"]) })).toBe(false);
    expect(press("KeyS", { ctrlKey: true })).toBe(false);
    enabled = false;
    expect(press("ArrowUp")).toBe(false);
    expect(seen).toEqual([]);
  });
});

describe("a swipe", () => {
  it("is a direction once it is long enough, and may turn without being lifted", () => {
    const swipe = new Swipe();
    swipe.down(1, 100, 100);
    expect(swipe.move(1, 110, 102)).toBeNull();
    expect(swipe.move(1, 130, 104)).toBe(RIGHT);
    expect(swipe.move(1, 160, 104)).toBeNull(); // still the same
    expect(swipe.move(1, 162, 70)).toBe(UP);
    expect(swipe.move(1, 120, 70)).toBe(LEFT);
    expect(swipe.move(1, 120, 110)).toBe(DOWN);
  });

  it("belongs to one finger", () => {
    const swipe = new Swipe();
    swipe.down(1, 0, 0);
    expect(swipe.move(2, 90, 0)).toBeNull();
    swipe.up(1);
    expect(swipe.move(1, 90, 0)).toBeNull();
  });
});

describe("a gamepad", () => {
  const button = (pressed: boolean): GamepadButton => ({ pressed, touched: pressed, value: Number(pressed) });
  const cross = (at: number): GamepadButton[] => Array.from({ length: 17 }, (_, one) => button(one === at));

  it("points with its cross or its left stick", () => {
    expect(pointed({ axes: [0, 0], buttons: cross(12) })).toBe(UP);
    expect(pointed({ axes: [0, 0], buttons: cross(-1) })).toBeNull();
    expect(pointed({ axes: [0.4, -0.3], buttons: [] })).toBeNull();
    expect(pointed({ axes: [0.4, -0.8], buttons: [] })).toBe(UP);
    expect(pointed({ axes: [-0.9, 0.2], buttons: [] })).toBe(LEFT);
  });

  it("is asked only once there is one, and tells a direction once", () => {
    let connected = (): void => undefined;
    const held = { axes: [1, 0], buttons: [], connected: true };
    const asked = vi.fn(() => [null, held]);
    vi.stubGlobal("addEventListener", (_: string, listener: () => void) => (connected = listener));
    vi.stubGlobal("removeEventListener", () => undefined);
    vi.stubGlobal("navigator", { getGamepads: asked });
    const pad = new Pad();
    expect(pad.poll()).toBeNull();
    expect(asked).not.toHaveBeenCalled();
    connected();
    expect([pad.poll(), pad.poll()]).toEqual([RIGHT, null]);
    held.axes = [0, 0];
    expect(pad.poll()).toBeNull();
    held.axes = [1, 0];
    expect(pad.poll()).toBe(RIGHT);
    pad.close();
    vi.unstubAllGlobals();
  });
});
