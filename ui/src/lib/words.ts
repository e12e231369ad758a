/** Plain words for the states and kinds of the wire. */
import type { Wire } from "./api";
import { count, percent, points } from "./format";

type VerdictKind = Wire<"VerdictSummary">["kind"];

export const SENSOR: Record<Wire<"CampaignSummary">["sensor"], string> = {
  camera: "by camera",
  lidar: "by lidar",
  grid: "by a window of the board",
  features: "by 13 features",
};

export const STATE: Record<Wire<"CampaignSummary">["state"], { label: string; means: string }> = {
  warming: { label: "Warming up", means: "The first champion is being trained; playing opens in a moment." },
  open: { label: "Open", means: "Anyone may play and be paid." },
  closing: { label: "Closing", means: "No new attempts; what is pending is still judged and paid." },
  closed: { label: "Closed", means: "All is judged and paid; the rest of the escrow went back to its funder." },
};

export const VERDICT: Record<VerdictKind, { label: string; means: string }> = {
  promoted: { label: "New champion", means: "The model trained with the lot beat the champion on fresh starts and took its place." },
  kept: { label: "No change", means: "The lot is still too small to try, or the model trained with it did not clearly beat the champion. It stays open." },
  control_promoted: {
    label: "New champion, unpaid",
    means: "Training longer on old data alone was enough to win, so nobody is paid for it and the lot stays open.",
  },
  rolled_back: { label: "Rolled back", means: "The model that won did worse on the standing held-out starts, so the old champion stays." },
  bootstrap: { label: "First champion", means: "Trained on a few seconds of the reference, to start from." },
};

/** One line for a list: what the verdict did, with its figures. */
export function verdictLine(verdict: Wire<"VerdictSummary">): string {
  const from = verdict.score_before === null ? null : percent(verdict.score_before);
  const to = verdict.score_after === null ? null : percent(verdict.score_after);
  const span =
    verdict.gain_low !== null && verdict.gain_high !== null ? `, 95 % between ${points(verdict.gain_low)} and ${points(verdict.gain_high)}` : "";
  switch (verdict.kind) {
    case "promoted":
    case "control_promoted":
      return from && to ? `From ${from} to ${to} of the reference${span}.` : verdict.sentence;
    case "kept":
      return `${count(verdict.contributions, "contribution")} in the lot. ${verdict.sentence}`;
    default:
      return verdict.sentence;
  }
}

/** Statement kinds as a bank would print them. */
const KINDS: Record<string, string> = {
  loan: "Starter loan",
  stake: "Stake locked",
  return: "Stake returned",
  charge: "Charged",
  pay: "Paid for an improvement",
  fund: "Put into a campaign",
  refund: "Refund from a campaign",
  issue: "Credits issued",
};

export function statementKind(kind: string): string {
  const known = KINDS[kind];
  if (known) return known;
  const words = kind.replaceAll("_", " ");
  return words.charAt(0).toUpperCase() + words.slice(1);
}

/** What a campaign waits for before anybody can play. */
export function warmingLine(judge: Wire<"JudgeState">): string {
  const far = judge.progress === null ? "" : `: ${Math.round(100 * judge.progress)} % done`;
  return `The first champion is being trained${far}${judge.note ? `, ${judge.note}` : ""}.`;
}

/** What the judge is doing, when a visitor should know; null when all is well. */
export function judgeLine(judge: Wire<"JudgeState">): string | null {
  if (judge.state === "warming") {
    const far = judge.progress === null ? "" : ` ${Math.round(100 * judge.progress)} % done.`;
    return `The judge is warming up; what you play is accepted and judged when it is ready.${far}${judge.note ? ` ${judge.note}` : ""}`;
  }
  if (judge.state === "away") return "The judge is away. What you play is kept and judged when it is back.";
  return judge.pending_s > 5 ? `About ${Math.round(judge.pending_s)} s of judging are waiting.` : null;
}

/** What a withdrawal did: all of it counted, and what becomes of the rest. */
export function withdrawnLine(done: Wire<"DataWithdrawn">): string {
  const deleted = [
    count(done.experiments_deleted, "experiment"),
    count(done.runs_deleted, "run"),
    count(done.entries_deleted, "race entry", "race entries"),
  ];
  const list = new Intl.ListFormat("en-GB", { type: "conjunction" }).format(deleted);
  return `${count(done.attempts_withdrawn, "attempt")} withdrawn; ${list} deleted. ${done.note}`;
}
