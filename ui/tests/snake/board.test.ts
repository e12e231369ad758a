import { describe, expect, it } from "vitest";
import { ARCADE, SnakeGame, type Turn } from "../../src/sim/snake";
import { BODY, DEAD, EMPTY, FOOD, HEAD, looks } from "../../src/snake/looks";
import { Replay, turnsOf } from "../../src/snake/replay";

const [TO_RIGHT, TO_DOWN, TO_LEFT] = [1, 2, 4];

describe("the looks of a board", () => {
  it("join the body from head to tail and to nothing else", () => {
    const game = new SnakeGame(ARCADE, 7);
    const shown = new Uint8Array(32 * 24);
    looks(game, shown);
    expect(shown[game.head]).toBe(HEAD + 4 * TO_LEFT + 0);
    expect(shown[game.head - 1]).toBe(BODY + TO_LEFT + TO_RIGHT);
    expect(shown[game.head - 2]).toBe(BODY + TO_RIGHT);
    expect(shown[game.food]).toBe(FOOD);
    expect(shown.filter((look) => look !== EMPTY).length).toBe(4);
    game.move(-1);
    looks(game, shown);
    expect(shown[game.head]).toBe(HEAD + 4 * TO_DOWN + 3);
  });

  it("do not join strands that lie side by side", () => {
    const game = new SnakeGame({ width: 12, height: 12, startLength: 6, cap: 100 }, 1);
    for (const turn of [-1, -1] as Turn[]) game.move(turn);
    const shown = new Uint8Array(144);
    looks(game, shown);
    expect(shown[game.head]! >= HEAD).toBe(true);
    expect((shown[game.head]! & 63) >> 2).toBe(TO_RIGHT); // to its neck, not to the body below
  });

  it("show where it died", () => {
    const game = new SnakeGame(ARCADE, 7);
    while (!game.ended) game.move(0);
    const shown = new Uint8Array(32 * 24);
    looks(game, shown);
    expect(shown[game.head]! >= DEAD).toBe(true);
  });
});

describe("a replay", () => {
  const moves = "SSRSSLSSSRSS";

  it("stands wherever it is sent, forwards and backwards", () => {
    const replay = new Replay(() => new SnakeGame(ARCADE, 5), turnsOf(moves));
    const heads: number[] = [];
    for (let at = 0; at <= moves.length; at += 1) {
      replay.seek(at);
      heads.push(replay.game.head);
    }
    for (const at of [3, 12, 0, 7]) {
      replay.seek(at + 0.6);
      expect([replay.game.steps, replay.game.head]).toEqual([at, heads[at]]);
    }
    replay.seek(99);
    expect(replay.game.steps).toBe(moves.length);
  });

  it("stays at the end of a game that has ended", () => {
    const replay = new Replay(() => new SnakeGame(ARCADE, 5), turnsOf("S".repeat(40)));
    replay.seek(40);
    expect(replay.game.ended).toBe("wall");
    expect(replay.game.steps).toBe(16);
  });
});
