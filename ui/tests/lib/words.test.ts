import { expect, it } from "vitest";
import { warmingLine, withdrawnLine } from "../../src/lib/words";

it("counts all that a withdrawal took away, not the attempts alone", () => {
  const done = { attempts_withdrawn: 12, experiments_deleted: 2, runs_deleted: 1, entries_deleted: 0, note: "The books stay." };
  expect(withdrawnLine(done)).toBe("12 attempts withdrawn; 2 experiments, 1 run and 0 race entries deleted. The books stay.");
});

it("tells how far a first champion is", () => {
  const judge = { state: "warming" as const, starts_ready: 0, pending_attempts: 0, pending_s: 0, note: "building the tracks", progress: 0.1 };
  expect(warmingLine(judge)).toBe("The first champion is being trained: 10 % done, building the tracks.");
  expect(warmingLine({ ...judge, note: "", progress: null })).toBe("The first champion is being trained.");
});
