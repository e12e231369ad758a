import type { Wire } from "./api";
import type { EnvironmentWords } from "./environments";
import { count, percent, percentFigure, points, seconds, signedCredits, credits } from "./format";

/** `delayed`: the server was reached and takes nothing from this page at the moment */
export type Phase = "sending" | "offline" | "delayed" | "sent";
export type State =
  | "sending"
  | "offline"
  | "waiting"
  | "provisional"
  | "untouched"
  | "paid"
  | "kept"
  | "unshared"
  | "charged"
  | "refused"
  | "withdrawn";

/** What the card says about an attempt: a sentence, a figure, a line below, and what can be watched. */
export interface Outcome {
  state: State;
  label: string;
  sentence: string;
  figure: string | null;
  /** what the figure is, shown when asked */
  figureMeans: string | null;
  note: string | null;
  /** what the note counts, shown when asked */
  noteMeans: string | null;
  tone: "plain" | "good" | "bad";
  canSee: boolean;
  canDiffer: boolean;
  canDispute: boolean;
}

type Attempt = Wire<"Attempt">;
type Pay = Pick<Wire<"PayFigures">, "round_contributions" | "round_wait_s">;
type Takeover = Wire<"Takeover">;

const BLANK = { figure: null, figureMeans: null, note: null, noteMeans: null, tone: "plain", canSee: false, canDiffer: false, canDispute: false } as const;
const valueMeans = (words: EnvironmentWords): string =>
  `${words.valueMeans}, compared from the same states. Summed over your takeovers, and never more than the whole attempt gained.`;

/** Value up to which an attempt did neither good nor harm and has no share: `MARGIN` of the judge's payout.py. */
const MARGIN = 0.5;
const beyondMargin = (attempt: Pick<Attempt, "value">): boolean => (attempt.value ?? 0) > MARGIN;

const CONTRIBUTIONS = "attempts of all players with people's hands in them that the replay confirmed";
const SHARED =
  "Shares go by value to attempts that gained clearly over the model alone, of players whose attempts in the lot, taken together, did too; harm counts three times.";
const LOT_MEANS = `The lot holds all contributions since the last paid promotion: ${CONTRIBUTIONS}. The next promotion whose gain is certain pays it. ${SHARED}`;
const PAID_LOT_MEANS = `The lot held all contributions since the paid promotion before it: ${CONTRIBUTIONS}. ${SHARED}`;

const STAKE_BACK = "All of the stake you locked is free again.";

/** The takeover that says most about the attempt. */
export function telling(takeovers: readonly Takeover[]): Takeover | null {
  return takeovers.reduce<Takeover | null>((best, next) => (best && Math.abs(best.value) >= Math.abs(next.value) ? best : next), null);
}

/** One takeover in plain words: what the model alone does from there, and what the hands did. */
export function inWords(takeover: Takeover, words: EnvironmentWords): string {
  const { alone_crash_s: alone, yours_crash_s: yours } = takeover;
  const { ends, ended, took } = words;
  if (alone !== null && yours === null) {
    return `Alone, the model ${ends} ${seconds(alone)} after you ${took}. With your hands it ${words.wentOn}.`;
  }
  if (alone === null && yours !== null) {
    return `Alone, the model would ${words.goneOn}. With your hands it ${ended} ${seconds(yours)} after you ${took}.`;
  }
  if (alone !== null && yours !== null) {
    if (Math.abs(alone - yours) < 0.1) return `Alone or with your hands, the model ${ends} ${seconds(yours)} after you ${took}.`;
    const verb = yours > alone ? "lasted" : `${ended} after`;
    return `Alone, the model ${ends} ${seconds(alone)} after you ${took}. With your hands it ${verb} ${seconds(yours)}.`;
  }
  const further = takeover.value;
  if (Math.abs(further) < 0.05) return "With your hands it came as far as the model does alone.";
  return `With your hands it ${words.compared(further)}.`;
}

function gained(verdict: Wire<"VerdictSummary"> | null): string | null {
  if (!verdict || verdict.score_before === null || verdict.score_after === null) return null;
  const span =
    verdict.gain_low !== null && verdict.gain_high !== null
      ? ` (95 %: ${points(verdict.gain_low)} to ${points(verdict.gain_high)})`
      : "";
  return `${percentFigure(verdict.score_before)} → ${percent(verdict.score_after)} of the reference${span}`;
}

/** Where a valued attempt waits, and what is counted there. */
function place(attempt: Attempt, pay: Pay | null): Pick<Outcome, "note" | "noteMeans"> {
  const { round_contributions: there, lot_contributions: lot } = attempt;
  if (there === null) return { note: lot === null ? null : `In a lot of ${lot}.`, noteMeans: lot === null ? null : LOT_MEANS };
  // While the round before is being judged, more come together than close one otherwise.
  const of = pay !== null && there <= pay.round_contributions ? `${there} of ${count(pay.round_contributions, "contribution")}` : count(there, "contribution");
  const closes = pay === null ? "when it is full or has waited long enough" : `at ${pay.round_contributions}, or ${pay.round_wait_s} s after its first`;
  return {
    note: `Waiting for the round: ${of} so far.`,
    noteMeans: `Contributions are ${CONTRIBUTIONS}. Those of a round are judged together. It closes ${closes}; while the round before it is being judged it waits and grows.`,
  };
}

/** What becomes of an attempt that was neither charged nor, so far, paid. */
function unpaid(attempt: Attempt, fresh: boolean): Pick<Outcome, "state" | "label" | "sentence"> {
  if ((attempt.value ?? 0) <= 0) {
    return { state: "unshared", label: "Not paid", sentence: "Your hands did not get further than the model does alone, so there is nothing to pay for here." };
  }
  if (!beyondMargin(attempt)) {
    return {
      state: "unshared",
      label: "Not paid",
      sentence: `${attempt.lot_state === "paid" ? "The lot is paid, but this attempt has no share: it" : "This attempt"} gained too little over the model alone to be paid for.`,
    };
  }
  if (attempt.lot_state === "closed") {
    return { state: "unshared", label: "Not paid", sentence: "Your attempt helped, but the campaign closed before a gain was certain enough to pay its lot." };
  }
  if (attempt.lot_state === "paid") {
    return { state: "unshared", label: "Not paid", sentence: "The lot is paid, but this attempt has no share: your attempts in it, taken together, did not help enough." };
  }
  const change =
    attempt.verdict?.kind === "control_promoted"
      ? "There is a new champion, which earlier work alone has made."
      : fresh
        ? "There is a new champion, but the gain is not certain enough to be paid yet."
        : "No measurable change yet.";
  return {
    state: "kept",
    label: "Nothing yet",
    sentence: `${change} Your work stays in the lot and counts when the lot is paid.`,
  };
}

function settled(attempt: Attempt, words: EnvironmentWords): Outcome {
  const sentence = attempt.reason.sentence;
  const dispute = { canSee: attempt.human_ticks > 0, canDispute: attempt.dispute === null };
  if (attempt.charged_micro > 0) {
    const most = telling(attempt.takeovers);
    const whole = attempt.charged_micro >= attempt.stake_micro;
    return {
      ...BLANK,
      ...dispute,
      state: "charged",
      label: "Charged",
      sentence: most ? inWords(most, words) : sentence,
      figure: `${signedCredits(-attempt.charged_micro)} of ${credits(attempt.stake_micro)} cr stake`,
      figureMeans: "Taken from the stake you locked with this attempt. It goes back to the issuer, never to the campaign or another player.",
      note: `Taken together, your attempts so far went worse than the model alone, so this one costs ${whole ? "its whole stake" : "part of its stake"}.`,
      tone: "bad",
    };
  }
  if (attempt.paid_micro > 0) {
    const change = gained(attempt.verdict);
    return {
      ...BLANK,
      ...dispute,
      state: "paid",
      label: "Paid",
      sentence: change ? `It worked. With this round the champion ${words.plays} ${change}.` : sentence,
      figure: `${signedCredits(attempt.paid_micro)} cr`,
      figureMeans: "Your share of what the campaign paid for this improvement, by the value of your attempt among all in the lot.",
      note: attempt.lot_contributions === null ? null : `Your share of a lot of ${attempt.lot_contributions}.`,
      noteMeans: PAID_LOT_MEANS,
      tone: "good",
      canDiffer: true,
    };
  }
  const over = attempt.lot_state !== "open";
  const fresh = attempt.verdict?.champion_after != null && attempt.verdict.champion_after !== attempt.champion_cid;
  return {
    ...BLANK,
    ...dispute,
    ...unpaid(attempt, fresh),
    figure: "Stake returned",
    figureMeans: STAKE_BACK,
    note: attempt.lot_contributions === null || !beyondMargin(attempt) ? null : over ? `The lot held ${attempt.lot_contributions}.` : `The lot holds ${attempt.lot_contributions} so far.`,
    noteMeans: over ? PAID_LOT_MEANS : LOT_MEANS,
    canDiffer: fresh,
  };
}

function untouched(words: EnvironmentWords): Outcome {
  return {
    ...BLANK,
    state: "untouched",
    label: "Not touched",
    sentence: `The model did all of it. ${words.how}`,
    figure: "Stake returned",
    figureMeans: STAKE_BACK,
  };
}

function valued(attempt: Attempt, words: EnvironmentWords, pay: Pay | null): Outcome {
  const most = telling(attempt.takeovers);
  return {
    ...BLANK,
    state: "provisional",
    label: "Provisional",
    sentence: most ? inWords(most, words) : attempt.reason.sentence,
    figure: attempt.value === null ? null : `value ${words.valued(attempt.value)}`,
    figureMeans: valueMeans(words),
    ...place(attempt, pay),
    tone: (attempt.value ?? 0) > 0 ? "good" : "plain",
    canSee: true,
  };
}

/**
 * Everything the card needs to know, from the server's word and what the page itself knows.
 * @param pay the campaign's rule, which says when a round closes; null where it is not known
 */
export function outcomeOf(attempt: Attempt | null, phase: Phase, words: EnvironmentWords, pay: Pay | null = null): Outcome {
  if (phase === "offline" || phase === "delayed") {
    const why = phase === "offline" ? "The server cannot be reached." : "The server does not take it at the moment.";
    return { ...BLANK, state: "offline", label: "Kept here", sentence: `${why} Your attempt is kept in this browser and sent when it can.` };
  }
  if (attempt === null) return { ...BLANK, state: "sending", label: "Sending", sentence: "Sending your attempt." };
  if (attempt.status === "pending") {
    return { ...BLANK, state: "waiting", label: "Waiting", sentence: "The server is replaying your attempt to see what your hands changed." };
  }
  if (attempt.status === "refused") {
    return {
      ...BLANK,
      state: "refused",
      label: "Refused",
      sentence: attempt.reason.sentence,
      figure: "Nothing was charged",
      figureMeans: "A refused attempt enters no lot, and all of its stake is free again.",
      canDispute: attempt.dispute === null,
    };
  }
  if (attempt.status === "withdrawn") {
    return { ...BLANK, state: "withdrawn", label: "Withdrawn", sentence: "You withdrew this attempt; it trains no model. The books keep what was paid." };
  }
  if (attempt.human_ticks === 0) return untouched(words);
  // A charge falls as soon as the value is known, before the round closes.
  return attempt.status === "judged" || attempt.charged_micro > 0 ? settled(attempt, words) : valued(attempt, words, pay);
}

const THEIRS: Record<string, string> = { Your: "Their", your: "their", You: "They", you: "they" };

/** The same words about someone else's attempt. */
export function ofAnother(outcome: Outcome): Outcome {
  const turned = (text: string): string => text.replace(/\b(?:your|you)\b/gi, (word) => THEIRS[word] ?? word);
  const { sentence, figureMeans, note, noteMeans } = outcome;
  return {
    ...outcome,
    sentence: turned(sentence),
    figureMeans: figureMeans === null ? null : turned(figureMeans),
    note: note === null ? null : turned(note),
    noteMeans: noteMeans === null ? null : turned(noteMeans),
    canDispute: false,
  };
}

/** An attempt's state in two words, for a list. */
export function attemptState(attempt: Wire<"AttemptSummary">): string {
  if (attempt.status === "pending") return "Being judged";
  if (attempt.status === "refused") return "Refused";
  if (attempt.status === "withdrawn") return "Withdrawn";
  if (attempt.charged_micro > 0) return "Charged";
  if (attempt.paid_micro > 0) return "Paid";
  if (attempt.human_ticks === 0) return "Not touched";
  if (attempt.status === "valued") return "Waiting for the round";
  if (!beyondMargin(attempt)) return "Stake returned";
  return attempt.lot_state === "open" ? "In the lot" : "No share";
}
