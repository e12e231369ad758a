import { describe, expect, it } from "vitest";
import { courseOf, orderAt } from "../../src/league/order";

const LAP_M = 1;
/** A way of equal steps in millimetres a tick. */
const way = (start: number, step: number, ticks: number, most = Infinity): number[] => Array.from({ length: ticks }, (_, i) => Math.min(start + step * (i + 1), most));
const car = (along_mm: number[], contacts: number[] = along_mm.map(() => 0), shown: boolean[] = along_mm.map(() => true)) => ({ along_mm, contacts, shown });
const course = (cars: ReturnType<typeof car>[], laps = 2) => courseOf({ ticks_per_s: 10, length_m: LAP_M, cars }, laps);
const cars = (found: ReturnType<typeof orderAt>): number[] => found.map((place) => place.car);

describe("the running order", () => {
  it("begins with the grid", () => expect(cars(orderAt(course([car(way(0, 0, 5)), car(way(-500, 0, 5)), car(way(-500, 0, 5))]), 0))).toEqual([0, 1, 2]));

  it("goes by how far each has come, and changes when one passes another", () => {
    const found = course([car(way(0, 100, 20)), car(way(-500, 200, 20))]);
    expect(cars(orderAt(found, 4))).toEqual([0, 1]);
    expect(cars(orderAt(found, 6))).toEqual([1, 0]);
  });

  it("counts laps from the first, and never more than there are", () => {
    const found = course([car(way(0, 100, 30))]);
    expect([0, 9, 10, 19, 20, 30].map((clock) => orderAt(found, clock)[0]!.lap)).toEqual([1, 1, 2, 2, 2, 2]);
    expect(orderAt(course([car(way(-500, 10, 5))]), 2)[0]!.lap).toBe(1);
  });

  it("tells gaps by when the first was where another is now", () => {
    const found = course([car(way(0, 100, 20)), car(way(-50, 80, 20))], 9);
    const [first, second] = orderAt(found, 10);
    expect(first!.gap_s).toBe(0);
    // It stands at 750 mm after 10 ticks, where the first was after 7.5.
    expect(second!.gap_s).toBeCloseTo(0.25, 5);
  });

  it("has no gap to a place that the first never passed", () => expect(orderAt(course([car(way(0, 100, 20)), car(way(-5000, 10, 20))]), 10)[1]!.gap_s).toBeNull());

  it("keeps those who are done in the order in which they came home, with their gap", () => {
    const found = course([car(way(0, 100, 30, 2000)), car(way(0, 200, 30, 2000)), car(way(0, 50, 30, 2000))]);
    const end = orderAt(found, 30);
    expect(cars(end)).toEqual([1, 0, 2]);
    expect(end.map(({ done }) => done)).toEqual([true, true, false]);
    expect(end[1]!.gap_s).toBeCloseTo(1, 2);
    expect(orderAt(found, 25)[1]!.gap_s).toBeCloseTo(1, 2);
  });

  it("takes a lap for driven that millimetres round down", () => expect(orderAt(courseOf({ ticks_per_s: 10, length_m: 1.0004, cars: [car([500, 1000])] }, 1), 2)[0]!.done).toBe(true));

  it("knows who was put back, and does not take the way twice", () => {
    const found = course([car(way(0, 100, 6)), car([100, 200, 150, 150, 250, 350], [0, 1, 1, 1, 2, 2], [true, true, false, false, false, true])]);
    const at = (clock: number) => orderAt(found, clock).find((place) => place.car === 1)!;
    expect([2, 3, 5, 6].map((clock) => at(clock).apart)).toEqual([false, true, true, false]);
    expect([1, 2, 5].map((clock) => at(clock).contacts)).toEqual([0, 1, 2]);
    expect(at(4).gap_s).toBeCloseTo(0.25, 5);
  });

  it("stands still before the start and after the end", () => {
    const found = course([car(way(0, 100, 5))]);
    expect(orderAt(found, -20)).toEqual(orderAt(found, 1));
    expect(orderAt(found, 99)).toEqual(orderAt(found, 5));
  });

  it("may be empty", () => expect(orderAt(course([]), 3)).toEqual([]));
});
