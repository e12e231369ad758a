/** What an experiment may be, as the server holds it. Pure. */
import type { Board as Rules } from "../sim/snake";
import type { Board } from "./wire";

export const LEAST = 100;
export const MOST = 5000;
export const NAME_MOST = 32;
export const STYLE_MOST = 200;
/** Moves of a takeover at most: `STRETCH` of the server's leads.py. */
export const STRETCH = 20;
/** The reference experiment's rules. */
export const ARCADE: Board = { width: 32, height: 24, start_length: 3, cap: 100 };

/** As the simulator names them. */
export const rulesOf = ({ width, height, start_length, cap }: Board): Rules => ({ width, height, startLength: start_length, cap });

export const BOARD_LIMITS: Record<keyof Board, { label: string; least: number; most: number; hint: string }> = {
  width: { label: "Width", least: 6, most: 64, hint: "Cells from left to right." },
  height: { label: "Height", least: 6, most: 64, hint: "Cells from top to bottom." },
  start_length: { label: "Length at the start", least: 2, most: 8, hint: "Cells of the snake." },
  cap: { label: "Moves for each cell", least: 10, most: 1000, hint: "A game ends after this many moves for each cell of the snake." },
};

/** A whole number as typed, or null. */
export function whole(typed: string | number | null): number | null {
  const text = String(typed ?? "").trim();
  return /^\d{1,6}$/.test(text) ? Number(text) : null;
}

export function outside(value: number | null, least: number, most: number): string | null {
  return value !== null && value >= least && value <= most ? null : `A whole number from ${least} to ${most}.`;
}

/** What is wrong with each field, in words; null where nothing is. */
export function faults(wished: { name: string; wanted: number | null; board: Record<keyof Board, number | null> }): Record<string, string | null> {
  const { name, wanted, board } = wished;
  const found: Record<string, string | null> = {
    name: name.trim() === "" ? "A name, so that you find it again." : /[<>]/.test(name) ? "No angle brackets." : null,
    wanted: outside(wanted, LEAST, MOST),
  };
  for (const [key, { least, most }] of Object.entries(BOARD_LIMITS)) found[`board.${key}`] = outside(board[key as keyof Board], least, most);
  const { width, start_length } = board;
  if (width !== null && start_length !== null && !found["board.start_length"] && start_length > Math.floor(width / 2)) {
    found["board.start_length"] = `At most ${Math.floor(width / 2)} cells fit on this width.`;
  }
  return found;
}

