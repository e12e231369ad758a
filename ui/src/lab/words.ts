/** Plain words for experiments: what learners are, what came out, what the board says. Pure. */
import { count, percent } from "../lib/format";
import type { Problem } from "../lib/problem";
import type { Phase } from "./play.svelte";
import type { Estimate, Learner, Lesson, LessonResult } from "./wire";

export const LEARNERS: Record<Learner, { name: string; means: string }> = {
  finetuned: { name: "Fine-tuned", means: "An agent that plays well already goes on learning, from your games and its own." },
  supervised: { name: "Supervised", means: "It learns to do in each situation what you did there, and nothing else." },
  "inverse-q": { name: "Inverse Q", means: "It learns what each of your moves was worth, from your games alone." },
};

/** What is done with the games, said before the first one. */
export const CONSENT =
  "What you play is stored and used to train the models of your experiments, under a name made up for you; you can delete it at any time.";

export const ALL_LEARNERS = Object.keys(LEARNERS) as Learner[];

const MINUS = "\u2212";
const GAP = "\u00a0";
/** Games a policy plays for its result. */
const GAMES = "1,000";

/** A number of foods, without the word: two digits behind the point below one, else one. */
export function amount(value: number): string {
  const size = Math.abs(value);
  const text = size < 0.005 ? "0" : size.toFixed(size < 0.95 ? 2 : 1);
  return `${value < 0 && Number(text) !== 0 ? MINUS : ""}${text}`;
}

export function foods(value: number): string {
  return `${amount(value)}${GAP}${amount(value) === "1.0" ? "food" : "foods"}`;
}

/** "20.1 to 22.4" */
export function span({ low, high }: Estimate, written: (value: number) => string = amount): string {
  return `${written(low)} to ${written(high)}`;
}

export type Tone = "good" | "bad" | "plain";

export interface Verdict {
  tone: Tone;
  sentence: string;
}

/** What the person's games did: the policy taught by them against the same training without them. */
export function verdict({ improvement }: Pick<LessonResult, "improvement">): Verdict {
  const { mean, low, high } = improvement;
  if (low > 0) {
    return {
      tone: "good",
      sentence: `Learned from you: ${foods(mean)} more than the same training without your games (95${GAP}%: ${span(improvement)}).`,
    };
  }
  if (high < 0) {
    return {
      tone: "bad",
      sentence: `Your games held it back: ${foods(-mean)} fewer than the same training without them (95${GAP}%: ${amount(-high)} to ${amount(-low)} fewer).`,
    };
  }
  return {
    tone: "plain",
    sentence: `No difference that ${GAMES} games can show: between ${foods(-low)} fewer and ${amount(high)} more than the same training without your games.`,
  };
}

/** How it stands to the agent it began from; null where it began from none. */
export function againstBase({ taught, base }: Pick<LessonResult, "taught" | "base">): string | null {
  if (!base) return null;
  const [now, then] = [foods(taught.score.mean), amount(base.score.mean)];
  if (taught.score.low > base.score.high) return `It plays better than the agent it began from: ${now} a game, from ${then}.`;
  if (taught.score.high < base.score.low) return `It plays worse than the agent it began from: ${now} a game, from ${then}.`;
  return `It plays about as well as the agent it began from: ${now} a game, from ${then}.`;
}

/** How often it does what this person would, on moves it was not shown. */
export function style({ taught, control }: Pick<LessonResult, "taught" | "control">): string {
  const own = percent(taught.agreement.mean, 0);
  const without = percent(control.agreement.mean, 0);
  const closer =
    taught.agreement.low > control.agreement.high ? "closer to your style" : taught.agreement.high < control.agreement.low ? "further from your style" : "no closer to your style";
  return `It makes ${own} of your held-out moves, ${without} without your games: ${closer}.`;
}

/** Where a lesson stands, in a few words. */
export function standing({ state, progress, note }: Pick<Lesson, "state" | "progress" | "note">): string {
  const far = `${Math.floor(100 * progress)}${GAP}%`;
  switch (state) {
    case "queued":
      return note || "Waiting for its turn.";
    case "running":
      return note ? `${far} · ${note}` : far;
    case "cancelled":
      return `Stopped at ${far}.`;
    case "failed":
      return `It failed. ${note}`;
    case "done":
      return note;
  }
}

export const isActive = ({ state }: Pick<Lesson, "state">): boolean => state === "queued" || state === "running";

/** What lies over the board while nobody plays. */
export function playWords(phase: Phase, score: number, finger: boolean, problem: Problem | null, takeovers = false): string {
  const touch = finger ? "Swipe" : "Press an arrow key";
  switch (phase) {
    case "ready":
      return takeovers ? `The agent came this far. ${touch} to take over` : `${touch} to begin`;
    case "paused":
      return `Paused. ${touch} to go on`;
    case "over":
      return takeovers ? count(score, "food") : `${count(score, "food")}. ${touch} for the next game`;
    case "sending":
      if (!problem) return "Storing the game…";
      return `${problem.offline ? "No connection" : "The server is busy"}. The game is kept here and sent later.`;
    case "done":
      return "All is recorded. Train the models below.";
    case "playing":
    case "left":
      return "";
  }
}
