import { describe, expect, it } from "vitest";
import { ARCADE, FEATURES, GRID, SnakeGame, type Board, type Turn } from "../../src/sim/snake";
import { vectors } from "./vectors";

interface GameVector {
  board: { width: number; height: number; start_length: number; cap: number };
  seed: number;
  moves: string;
  foods: number[];
  seen: number[][];
  every: number;
  body: number[];
  heading: number;
  ended: string;
}

const TURNS: Record<string, Turn> = { S: 0, R: 1, L: -1 };
const { games } = vectors<{ games: GameVector[] }>("games", "snake");

const boardOf = ({ width, height, start_length, cap }: GameVector["board"]): Board => ({ width, height, startLength: start_length, cap });

describe("snake", () => {
  it("has the preset of the Python one", () => {
    expect(boardOf(games[0]!.board)).toEqual(ARCADE);
  });

  it.each(games.map((one, number) => ({ number, one })))("plays as recorded, game $number", ({ one }) => {
    const game = new SnakeGame(boardOf(one.board), one.seed);
    const foods = [game.food];
    const seen = new Float32Array(GRID);
    [...one.moves].forEach((letter, place) => {
      if (place % one.every === 0) {
        game.observe(seen);
        const expected = one.seen[place / one.every]!;
        expect(seen.findIndex((value, at) => Math.abs(value - expected[at]!) > 2e-6)).toBe(-1);
      }
      expect(game.ended).toBe("");
      if (game.move(TURNS[letter]!)) foods.push(game.food);
    });
    expect(foods).toEqual(one.foods);
    expect(game.ended).toBe(one.ended);
    expect([game.head, game.length, game.heading]).toEqual([one.body[0], one.body.length, one.heading]);
    expect(one.body.map((cell) => game.remaining(cell))).toEqual(one.body.map((_, place) => one.body.length - place));
  });

  it("stays as it is once it has ended", () => {
    const game = new SnakeGame({ width: 4, height: 4, startLength: 2, cap: 9 }, 1);
    while (!game.ended) game.move(0);
    const before = [game.steps, game.head, game.length];
    expect(game.move(1)).toBe(false);
    expect([game.steps, game.head, game.length]).toEqual(before);
    expect(game.ended).toBe("wall");
  });

  it("ends when moves run out", () => {
    const game = new SnakeGame({ width: 8, height: 8, startLength: 2, cap: 2 }, 3);
    for (let place = 0; !game.ended; place += 1) game.move(1);
    expect(["cap", "body"]).toContain(game.ended);
  });

  it("writes only the features where there is room for no more", () => {
    const seen = new Float32Array(FEATURES);
    new SnakeGame(ARCADE, 1).observe(seen);
    expect([...seen.slice(0, 7)]).toEqual([0, 0, 0, 0, 1, 0, 0]);
  });
});
