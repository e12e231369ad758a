/** How the cells of a game look: one code each, the same where nothing has to be painted anew. Pure. */
import { DX, DY, type SnakeGame } from "../sim/snake";

export const EMPTY = 0;
export const FOOD = 1;
/** With four bits for the sides on which the body goes on. */
export const BODY = 16;
/** With the same bits, and two for the heading. */
export const HEAD = 64;
export const DEAD = 128;

/** How every cell looks, one code each, written into `into`. Nothing is allocated. */
export function looks(game: SnakeGame, into: Uint8Array): void {
  const { width, height } = game.board;
  for (let cell = 0; cell < into.length; cell += 1) {
    const left = game.remaining(cell);
    if (left === 0) {
      into[cell] = cell === game.food && game.ended !== "full" ? FOOD : EMPTY;
      continue;
    }
    const column = cell % width;
    const row = (cell - column) / width;
    let joints = 0;
    for (let side = 0; side < 4; side += 1) {
      const x = column + (DX[side] as number);
      const y = row + (DY[side] as number);
      if (x < 0 || x >= width || y < 0 || y >= height) continue;
      const there = game.remaining(y * width + x);
      if (there > 0 && Math.abs(there - left) === 1) joints |= 1 << side;
    }
    const dead = game.ended === "wall" || game.ended === "body";
    into[cell] = cell === game.head ? (dead ? DEAD : HEAD) + 4 * joints + game.heading : BODY + joints;
  }
}
