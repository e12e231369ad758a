import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import type { Wire } from "../../src/lib/api";
import { ENVIRONMENTS } from "../../src/lib/environments";
import { attemptState, inWords, ofAnother, outcomeOf as outcomeIn, telling, type Phase } from "../../src/lib/outcome";

type Attempt = Wire<"Attempt">;
type Takeover = Wire<"Takeover">;

const racer = ENVIRONMENTS["racer-v0"];
const outcomeOf = (one: Attempt | null, phase: Phase, pay: Parameters<typeof outcomeIn>[3] = null) => outcomeIn(one, phase, racer, pay);

const takeover = (changes: Partial<Takeover> = {}): Takeover =>
  ({ first_tick: 40, ticks: 20, value: 14, alone_crash_s: 1.3, yours_crash_s: null, ...changes }) as Takeover;

const attempt = (changes: Partial<Attempt> = {}): Attempt =>
  ({
    status: "valued",
    human_ticks: 20,
    value: 14,
    paid_micro: 0,
    charged_micro: 0,
    stake_micro: 2_000_000,
    champion_cid: "old",
    lot_state: "open",
    takeovers: [takeover()],
    reason: { code: "valued", sentence: "The server's own sentence.", parts: {} },
    round_contributions: 18,
    lot_contributions: 41,
    verdict: null,
    dispute: null,
    ...changes,
  }) as Attempt;

const verdict = (changes = {}): Attempt["verdict"] =>
  ({ score_before: 0.631, score_after: 0.664, gain_low: 0.021, gain_high: 0.045, champion_after: "new", pool_micro: 0, ...changes }) as Attempt["verdict"];

describe("states of the card", () => {
  test("before the server has spoken", () => {
    expect(outcomeOf(null, "sending").state).toBe("sending");
    expect(outcomeOf(null, "offline").state).toBe("offline");
    expect(outcomeOf(null, "offline").sentence).toContain("cannot be reached");
    expect(outcomeOf(null, "delayed").sentence).toMatch(/^The server does not take it .* kept in this browser/);
    expect(outcomeOf(attempt({ status: "pending" }), "sent").state).toBe("waiting");
  });

  test("provisional names the takeover, the value and the round", () => {
    const outcome = outcomeOf(attempt(), "sent");
    expect(outcome.state).toBe("provisional");
    expect(outcome.sentence).toBe("Alone, the model crashes 1.3\u00a0s after you took the wheel. With your hands it drove on.");
    expect(outcome.figure).toBe("value +14 m");
    expect(outcome.note).toBe("Waiting for the round: 18 contributions so far.");
    expect(outcome.canSee).toBe(true);
  });

  test("what a note counts is said when asked", () => {
    const pay = { round_contributions: 24, round_wait_s: 10 };
    const waiting = outcomeOf(attempt(), "sent", pay);
    expect(waiting.note).toBe("Waiting for the round: 18 of 24 contributions so far.");
    expect(waiting.noteMeans).toContain("attempts of all players with people's hands in them");
    expect(waiting.noteMeans).toContain("closes at 24, or 10 s after its first");
    const grown = outcomeOf(attempt({ round_contributions: 31 }), "sent", pay);
    expect(grown.note).toBe("Waiting for the round: 31 contributions so far.");
    expect(outcomeOf(attempt({ round_contributions: null }), "sent", pay)).toMatchObject({ note: "In a lot of 41.", noteMeans: expect.stringContaining("since the last paid promotion") });
    for (const settled of [attempt({ status: "judged" }), attempt({ status: "judged", paid_micro: 1, verdict: verdict() })]) {
      expect(outcomeOf(settled, "sent", pay).noteMeans).toContain("contributions since the");
    }
  });

  test("doing nothing is a valid takeover and earns nothing", () => {
    const outcome = outcomeOf(attempt({ human_ticks: 0, takeovers: [], value: 0 }), "sent");
    expect(outcome).toMatchObject({ state: "untouched", canSee: false, figure: "Stake returned" });
    expect(outcomeOf(attempt({ status: "judged", human_ticks: 0, value: 0 }), "sent").state).toBe("untouched");
  });

  test("paid names the gain with its interval", () => {
    const outcome = outcomeOf(attempt({ status: "judged", paid_micro: 12_400_000, verdict: verdict() }), "sent");
    expect(outcome).toMatchObject({ state: "paid", figure: "+12.40 cr", tone: "good", canDiffer: true });
    expect(outcome.sentence).toBe("It worked. With this round the champion drives 63.1 → 66.4\u00a0% of the reference (95 %: +2.1 to +4.5).");
    expect(outcome.note).toBe("Your share of a lot of 41.");
  });

  test("nothing yet keeps the work in the lot, and differs by whether it helped", () => {
    const helped = outcomeOf(attempt({ status: "judged" }), "sent");
    expect(helped).toMatchObject({ state: "kept", figure: "Stake returned", canDiffer: false });
    expect(helped.sentence).toContain("stays in the lot");
    const promoted = outcomeOf(attempt({ status: "judged", verdict: verdict() }), "sent");
    expect(promoted.sentence).toContain("not certain enough");
    expect(promoted.canDiffer).toBe(true);
    expect(promoted.sentence).toContain("stays in the lot and counts when the lot is paid");
    expect(outcomeOf(attempt({ status: "judged", value: -0.5 }), "sent").sentence).toContain("did not get further");
  });

  test("what gained too little is promised nothing, before the lot is paid and after", () => {
    for (const [value, state] of [[0.3, "unshared"], [0.5, "unshared"], [0.6, "kept"]] as const) {
      expect(outcomeOf(attempt({ status: "judged", value, verdict: verdict() }), "sent").state).toBe(state);
    }
    const open = outcomeOf(attempt({ status: "judged", value: 0.3, verdict: verdict() }), "sent");
    expect(open).toMatchObject({ label: "Not paid", sentence: "This attempt gained too little over the model alone to be paid for.", note: null });
    const paid = outcomeOf(attempt({ status: "judged", value: 0.3, lot_state: "paid", verdict: verdict({ pool_micro: 9 }) }), "sent");
    expect(paid).toMatchObject({ label: "Not paid", figure: "Stake returned", note: null, canDiffer: true });
    expect(paid.sentence).toBe("The lot is paid, but this attempt has no share: it gained too little over the model alone to be paid for.");
  });

  test("what gained, by a player whose attempts did not, has no share of a lot that is paid", () => {
    const outcome = outcomeOf(attempt({ status: "judged", value: 2, lot_state: "paid", verdict: verdict() }), "sent");
    expect(outcome).toMatchObject({ state: "unshared", label: "Not paid", note: "The lot held 41." });
    expect(outcome.sentence).toBe("The lot is paid, but this attempt has no share: your attempts in it, taken together, did not help enough.");
    expect(outcome.noteMeans).toContain("harm counts three times");
    expect(ofAnother(outcome).sentence).toContain("their attempts in it");
  });

  test("what helped in a campaign that closed first is promised nothing more", () => {
    const outcome = outcomeOf(attempt({ status: "judged", value: 2, lot_state: "closed", verdict: verdict() }), "sent");
    expect(outcome).toMatchObject({ state: "unshared", label: "Not paid" });
    expect(outcome.sentence).toContain("the campaign closed");
  });

  test("a champion that earlier work made leaves the attempt in the lot", () => {
    const outcome = outcomeOf(attempt({ status: "judged", value: 2, verdict: verdict({ kind: "control_promoted" }) }), "sent");
    expect(outcome).toMatchObject({ state: "kept" });
    expect(outcome.sentence).toContain("earlier work alone");
  });

  test("too little is what the judge's margin says", () => {
    const margin = Number(/^MARGIN = ([\d.]+)/m.exec(readFileSync(new URL("../../../src/manyhands/judging/payout.py", import.meta.url), "utf8"))?.[1]);
    expect(attemptState(attempt({ status: "judged", value: margin }))).toBe("Stake returned");
    expect(attemptState(attempt({ status: "judged", value: margin + 0.01 }))).toBe("In the lot");
  });

  test("a charge shows at once, before the round is judged", () => {
    const outcome = outcomeOf(attempt({ charged_micro: 1_100_000, value: -9, takeovers: [takeover({ value: -9, alone_crash_s: null, yours_crash_s: 0.8 })] }), "sent");
    expect(outcome).toMatchObject({ state: "charged", figure: "−1.10 of 2.00 cr stake", tone: "bad", canDispute: true });
    expect(outcome.note).toContain("part of its stake");
    expect(outcomeOf(attempt({ charged_micro: 2_000_000, value: -9 }), "sent").note).toContain("its whole stake");
  });

  test("refused gives the server's reason and charges nothing", () => {
    const outcome = outcomeOf(attempt({ status: "refused", value: null }), "sent");
    expect(outcome).toMatchObject({ state: "refused", sentence: "The server's own sentence.", figure: "Nothing was charged" });
  });

  test("someone else's attempt is told as theirs", () => {
    const outcome = ofAnother(outcomeOf(attempt({ status: "judged", paid_micro: 1_000_000, verdict: verdict() }), "sent"));
    expect(outcome.note).toBe("Their share of a lot of 41.");
    expect(outcome.canDispute).toBe(false);
    expect(ofAnother(outcomeOf(attempt(), "sent")).sentence).toContain("after they took the wheel. With their hands it drove on");
  });

  test("what is disputed cannot be disputed again", () => {
    const dispute = { text: "No." } as Attempt["dispute"];
    expect(outcomeOf(attempt({ status: "judged", dispute }), "sent").canDispute).toBe(false);
  });
});

describe("takeovers in words", () => {
  test("the one that says most is told", () => {
    const most = takeover({ value: -20 });
    expect(telling([takeover(), most, takeover({ value: 3 })])).toBe(most);
    expect(telling([])).toBeNull();
  });

  test.each([
    [{ alone_crash_s: null, yours_crash_s: 0.8 }, "With your hands it crashed 0.8\u00a0s after"],
    [{ alone_crash_s: 1, yours_crash_s: 2.5 }, "With your hands it lasted 2.5\u00a0s."],
    [{ alone_crash_s: 2.5, yours_crash_s: 1 }, "With your hands it crashed after 1.0\u00a0s."],
    [{ alone_crash_s: 1, yours_crash_s: 1.05 }, "Alone or with your hands"],
    [{ alone_crash_s: null, value: 4.21 }, "4.2 m further than the model alone"],
    [{ alone_crash_s: null, value: -4.21 }, "4.2 m less far than the model alone"],
    [{ alone_crash_s: null, value: 0 }, "as far as the model does alone"],
  ])("%j", (changes, words) => expect(inWords(takeover(changes), racer)).toContain(words));
});

test("two words for a list", () => {
  expect(attemptState(attempt({ status: "pending" }))).toBe("Being judged");
  expect(attemptState(attempt({ charged_micro: 1 }))).toBe("Charged");
  expect(attemptState(attempt({ paid_micro: 1, status: "judged" }))).toBe("Paid");
  expect(attemptState(attempt({ status: "judged" }))).toBe("In the lot");
  expect(attemptState(attempt({ status: "judged", lot_state: "paid" }))).toBe("No share");
  for (const value of [-1, 0.3]) {
    for (const lot_state of ["open", "paid"] as const) expect(attemptState(attempt({ status: "judged", value, lot_state }))).toBe("Stake returned");
  }
});
