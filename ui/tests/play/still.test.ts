import { expect, test } from "vitest";
import { Still } from "../../src/play/scene/still";

test("what stands is drawn once, and what moves at every frame", () => {
  const still = new Still();
  expect(still.changes([1, 2])).toBe(true);
  expect(still.changes([1, 2])).toBe(false);
  expect(still.changes([1, 2.001])).toBe(true);
  expect(still.changes([1, 2.001, 3])).toBe(true);
});

test("what moves too slowly to be seen is drawn as soon as it has come somewhere", () => {
  const still = new Still();
  const drawn = Array.from({ length: 101 }, (_, frame) => still.changes([frame * 1e-5])).filter(Boolean);
  expect(drawn.length).toBeGreaterThanOrEqual(10);
  expect(drawn.length).toBeLessThanOrEqual(12);
});

test("what was wiped away is drawn again", () => {
  const still = new Still();
  still.changes([1]);
  still.forget();
  expect(still.changes([1])).toBe(true);
});
