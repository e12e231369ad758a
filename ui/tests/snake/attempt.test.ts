import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { fromBase64 } from "../../src/sim/plain";
import { Policy } from "../../src/sim/policy";
import { ARCADE, MAX_TICKS, plainGame, SnakeGame, type Turn } from "../../src/sim/snake";
import { boardOf, freshGame } from "../../src/sim/snakeFresh";
import { SnakePlayer } from "../../src/sim/snakePlayer";
import { SnakeAttempt } from "../../src/snake/attempt";
import { Film } from "../../src/snake/film";

const weights = new URL("../../../src/manyhands/policies/weights/snake-grid-reference.safetensors", import.meta.url);
const file = Uint8Array.from(readFileSync(weights)).buffer;
const player = (): SnakePlayer => new SnakePlayer(new Policy(file));
const CONFIG = { conditions: { width: 16, height: 12, start_length: 3, cap: 100, longest: 24 } };
const start = freshGame(CONFIG, 5);

function play(hand: (tick: number) => Turn | null, most?: number): SnakeAttempt {
  const attempt = new SnakeAttempt(player(), start, most);
  while (!attempt.ended) attempt.tick(hand(attempt.ticks));
  return attempt;
}

describe("a fresh position", () => {
  it("is the same for the same seed, and a snake in one line with food beside it", () => {
    for (let seed = 0; seed < 200; seed += 1) {
      const [one, other] = [freshGame(CONFIG, seed), freshGame(CONFIG, seed)];
      expect(one.final).toEqual(other.final);
      expect(one.length).toBeGreaterThanOrEqual(3);
      expect(one.length).toBeLessThanOrEqual(24);
      expect(one.remaining(one.head)).toBe(one.length);
      expect(one.remaining(one.food)).toBe(0);
      expect(([0, 1, -1] as Turn[]).some((turn) => !one.deadly(turn))).toBe(true);
    }
  });

  it("takes what a configuration leaves out from the environment's rules", () => {
    expect(boardOf({})).toEqual(ARCADE);
  });
});

describe("a start of the wire", () => {
  it("names what it lacks", () => {
    expect(() => plainGame({ body: [3, 2, 1] })).toThrow("The start has no heading");
  });

  it("goes on as the game it was taken from", () => {
    const game = new SnakeGame(ARCADE, 9);
    for (const turn of [0, 1, 0] as Turn[]) game.move(turn);
    const { head, heading, food, seed, eaten, steps } = game;
    const body = [head, ...[1, 2].map((less) => findStamp(game, game.length - less))];
    const again = SnakeGame.at(ARCADE, plainGame({ body, heading, food, seed, eaten, steps }));
    for (const turn of [1, 1, 0, -1] as Turn[]) {
      game.move(turn);
      again.move(turn);
      expect(again.final).toEqual(game.final);
    }
  });
});

function findStamp(game: SnakeGame, left: number): number {
  const { width, height } = game.board;
  return Array.from({ length: width * height }, (_, cell) => cell).find((cell) => game.remaining(cell) === left)!;
}

describe("an attempt at Snake", () => {
  it("records what was executed and by whom, and its replay ends in the same place", () => {
    const attempt = play((tick) => (tick >= 2 && tick < 5 ? 0 : null));
    const { ticks, actions, actors, final } = attempt.record();
    expect([...fromBase64(actors)].slice(0, 6)).toEqual([0, 0, 1, 1, 1, 0].slice(0, ticks));
    const record = { actions: new Int8Array(fromBase64(actions)), drove: fromBase64(actors) };
    expect(new Set(record.actions)).toEqual(new Set([...record.actions].filter((action) => [-127, 0, 127].includes(action))));
    expect(record.actions.length).toBe(ticks);
    expect(Film.recorded(start, record).at(ticks).final).toEqual(final);
  });

  it("counts foods, and a death as one lost", () => {
    const attempt = play(() => 0);
    expect(attempt.game.died).toBe(true);
    expect(attempt.progress).toBe(attempt.eaten - 1);
    expect(attempt.game.eaten).toBe(start.eaten + attempt.eaten);
  });

  it("ends after its time", () => {
    const attempt = play(() => null, 1);
    expect([attempt.ticks, attempt.ended === null]).toEqual([1, false]);
  });
});

describe("a film", () => {
  const drive = play((tick) => (tick >= 3 && tick < 6 ? 0 : null));
  const own = Film.recorded(start, { actions: drive.actions.subarray(0, drive.ticks), drove: drive.actors.subarray(0, drive.ticks) });

  it("of the model alone is what it does untouched", () => {
    const untouched = play(() => null);
    const film = Film.played(start, player(), MAX_TICKS);
    expect(film.length).toBe(untouched.ticks);
    expect(film.at(film.length).final).toEqual(untouched.game.final);
  });

  it("of the model beside an attempt leaves it at the takeover", () => {
    const alone = own.alone(player(), [3]);
    for (const tick of [0, 3]) expect(alone.at(tick).final).toEqual(own.at(tick).final);
    expect(alone.at(3).final).not.toEqual(alone.at(4).final);
    expect(alone.end(2)).toBe(drive.ticks);
    expect(alone.end(3)).toBe(alone.length);
    expect([own.who(2), own.who(3), own.who(999)]).toEqual(["model", "hand", drive.actors[drive.ticks - 1] ? "hand" : "model"]);
  });

  it("goes back as well as on", () => {
    const heads = [0, 1, 2, 3].map((tick) => own.at(tick).head);
    expect([3, 1, 0, 2].map((tick) => own.at(tick).head)).toEqual([3, 1, 0, 2].map((tick) => heads[tick]));
  });
});
