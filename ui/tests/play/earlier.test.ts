import { beforeEach, describe, expect, it } from "vitest";
import type { Wire } from "../../src/lib/api";
import { Earlier } from "../../src/play/earlier";

type Summary = Wire<"AttemptSummary">;
const row = (id: string, more: Partial<Summary>): Summary =>
  ({ id, status: "judged", human_ticks: 9, value: 1, paid_micro: 0, charged_micro: 0, lot_state: "open", ...more }) as Summary;
const valued = { status: "valued" } as const;

describe("what became of earlier attempts", () => {
  let earlier: Earlier;

  beforeEach(() => {
    earlier = new Earlier();
    for (const id of ["a", "b"]) earlier.follow(id, "cmp_1");
  });

  it("is new once a verdict paid one that was only valued before", () => {
    expect(earlier.news([row("a", valued), row("b", valued)], null)).toBeNull();
    expect(earlier.news([row("a", { paid_micro: 5 }), row("b", valued)], null)?.id).toBe("a");
    expect(earlier.news([row("a", { paid_micro: 5 }), row("b", valued)], null)).toBeNull();
  });

  it("is told of the one that moved most credits", () => {
    expect(earlier.news([row("a", { paid_micro: 5 }), row("b", { charged_micro: 9 })], null)?.id).toBe("b");
  });

  it("is told again when what stayed in the lot is paid later", () => {
    expect(earlier.news([row("a", {})], null)?.id).toBe("a");
    expect(earlier.news([row("a", { paid_micro: 5 })], null)?.paid_micro).toBe(5);
  });

  it("ends with the lot, paid without a share of it", () => {
    expect(earlier.news([row("a", {}), row("b", { value: 0.3 })], null)?.id).toBe("a");
    expect(earlier.news([row("a", { lot_state: "paid" }), row("b", { value: 0.3, lot_state: "paid" })], null)?.id).toBe("a");
    expect(earlier.awaits("cmp_1")).toBe(false);
  });

  it("is told of a charge and a refusal without waiting for the round", () => {
    expect(earlier.news([row("a", { ...valued, charged_micro: 3 })], null)?.id).toBe("a");
    expect(earlier.news([row("b", { status: "refused" })], null)?.id).toBe("b");
    expect(earlier.awaits("cmp_1")).toBe(false);
  });

  it("leaves to the card what is on it, and what the player withdrew", () => {
    expect(earlier.news([row("a", { paid_micro: 5 }), row("b", { status: "withdrawn" })], { id: "a" })).toBeNull();
    expect(earlier.news([row("a", { paid_micro: 5 })], null)).toBeNull();
  });

  it("waits until the attempt on the card has a name, for it may be any of them", () => {
    expect(earlier.news([row("a", { charged_micro: 3 })], { id: null })).toBeNull();
    expect(earlier.news([row("a", { charged_micro: 3 })], { id: "a" })).toBeNull();
    expect(earlier.news([row("a", { charged_micro: 3 }), row("b", { charged_micro: 3 })], null)?.id).toBe("b");
  });

  it("says nothing of attempts that were never followed, and follows fifty", () => {
    expect(earlier.news([row("c", { paid_micro: 5 })], null)).toBeNull();
    for (let n = 0; n < 50; n += 1) earlier.follow(`n${n}`, "cmp_2");
    expect([earlier.awaits("cmp_1"), earlier.awaits("cmp_2"), earlier.awaits("cmp_3")]).toEqual([false, true, false]);
  });
});
