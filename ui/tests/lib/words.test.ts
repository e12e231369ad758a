import { expect, it } from "vitest";
import { withdrawnLine } from "../../src/lib/words";

it("counts all that a withdrawal took away, not the attempts alone", () => {
  const done = { attempts_withdrawn: 12, experiments_deleted: 2, runs_deleted: 1, entries_deleted: 0, note: "The books stay." };
  expect(withdrawnLine(done)).toBe("12 attempts withdrawn; 2 experiments, 1 run and 0 race entries deleted. The books stay.");
});
