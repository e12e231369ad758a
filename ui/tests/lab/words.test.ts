import { describe, expect, it } from "vitest";
import { Problem } from "../../src/lib/problem";
import type { Estimate, Lesson, Played } from "../../src/lab/wire";
import { againstBase, amount, foods, playWords, span, standing, style, verdict } from "../../src/lab/words";

const plain = (text: string | null): string => (text ?? "").replaceAll("\u00a0", " ").replaceAll("\u2212", "-");
const around = (mean: number, half: number): Estimate => ({ mean, low: mean - half, high: mean + half });
const played = (score: Estimate, agreement: Estimate = around(0.5, 0.02)): Played => ({
  score,
  median: score.mean,
  best: 90,
  histogram: [],
  agreement,
  game: { seed: 1, moves: "S", score: 0 },
});

describe("amounts of food", () => {
  it.each([
    [12.34, "12.3"],
    [0.123, "0.12"],
    [0, "0"],
    [-3.21, "-3.2"],
    [-0.001, "0"],
    [0.999, "1.0"],
  ])("%d is %s", (value, text) => expect(plain(amount(value))).toBe(text));

  it("have their word", () => {
    expect(plain(foods(1))).toBe("1.0 food");
    expect(plain(foods(12.3))).toBe("12.3 foods");
    expect(span(around(12, 1.5))).toBe("10.5 to 13.5");
  });
});

describe("the verdict", () => {
  it("says what was learned when the whole interval is above nothing", () => {
    const { tone, sentence } = verdict({ improvement: around(12.3, 2) });
    expect(tone).toBe("good");
    expect(plain(sentence)).toBe("Learned from you: 12.3 foods more than the same training without your games (95 %: 10.3 to 14.3).");
  });

  it("says when the games did harm", () => {
    const { tone, sentence } = verdict({ improvement: around(-4, 1) });
    expect(tone).toBe("bad");
    expect(plain(sentence)).toBe("Your games held it back: 4.0 foods fewer than the same training without them (95 %: 3.0 to 5.0 fewer).");
  });

  it.each([around(0.5, 1), { mean: 1, low: 0, high: 2 }, { mean: -1, low: -2, high: 0 }])("claims nothing where nothing is shown", (improvement) => {
    const { tone, sentence } = verdict({ improvement });
    expect(tone).toBe("plain");
    expect(sentence).toContain("No difference that 1,000 games can show");
  });
});

describe("beside what it began from", () => {
  const base = played(around(60, 1));
  it.each([
    [around(66, 1), "plays better than"],
    [around(55, 1), "plays worse than"],
    [around(61, 1), "plays about as well as"],
  ])("%o", (score, words) => expect(againstBase({ taught: played(score), base })).toContain(words));

  it("says nothing where it began from nothing", () => expect(againstBase({ taught: base, base: null })).toBeNull());
});

describe("the style", () => {
  it.each([
    [around(0.9, 0.02), "closer to your style"],
    [around(0.3, 0.02), "further from your style"],
    [around(0.51, 0.02), "no closer to your style"],
  ])("%o", (agreement, words) => {
    const said = plain(style({ taught: played(around(9, 1), agreement), control: played(around(9, 1)) }));
    expect(said).toContain(words);
    expect(said).toContain("of your held-out moves, 50 % without your games");
  });
});

describe("where a lesson stands", () => {
  const lesson = (state: Lesson["state"], note = "", progress = 0.456): string => plain(standing({ state, note, progress }));

  it("is said in words", () => {
    expect(lesson("queued")).toBe("Waiting for its turn.");
    expect(lesson("running", "training the control")).toBe("45 % · training the control");
    expect(lesson("running")).toBe("45 %");
    expect(lesson("cancelled")).toBe("Stopped at 45 %.");
    expect(lesson("failed", "The games hold no turn.")).toBe("It failed. The games hold no turn.");
  });
});

describe("what lies over the board", () => {
  it("tells what to do, by what is at hand", () => {
    expect(playWords("ready", 0, false, null)).toBe("Press an arrow key to begin");
    expect(playWords("ready", 0, true, null)).toBe("Swipe to begin");
    expect(playWords("over", 1, false, null)).toBe("1 food. Press an arrow key for the next game");
    expect(playWords("ready", 0, false, null, true)).toBe("The agent came this far. Press an arrow key to take over");
    expect(playWords("over", 2, false, null, true)).toBe("2 foods");
    expect(playWords("sending", 3, false, null)).toBe("Storing the game…");
    expect(playWords("sending", 3, false, new Problem(0, "", "", "offline"))).toBe("No connection. The game is kept here and sent later.");
    expect(playWords("sending", 3, false, new Problem(503, "", "", "busy"))).toBe("The server is busy. The game is kept here and sent later.");
    expect(playWords("playing", 3, false, null)).toBe("");
  });
});
