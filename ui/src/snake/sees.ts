/** Draws what a Snake policy sees, turned as it sees it: the way ahead is up. */
import { FEATURES, GRID, SIDE } from "../sim/snake";

const CELLS = SIDE * SIDE;
/** Places of the cells to which a turn leads: straight, right, left; and of the head between them. */
const [HEAD, AHEAD] = [(CELLS - 1) / 2, [-SIDE, 1, -1]];
/** Directions of the features' headings left, right, up, down, as parts of a turn clockwise from the right. */
const DIRECTIONS = [0.5, 0, 0.75, 0.25];

/** @param seen thirteen features, with the sensor `grid` the window after them */
export function drawSight(pen: CanvasRenderingContext2D, seen: Float32Array, colour: string): void {
  const { width, height } = pen.canvas;
  const side = Math.floor(Math.min(width, height) / SIDE);
  const [left, top] = [(width - side * SIDE) / 2, (height - side * SIDE) / 2];
  const cell = (place: number, strength: number): void => {
    pen.globalAlpha = strength;
    pen.fillRect(left + (place % SIDE) * side + 1, top + Math.floor(place / SIDE) * side + 1, side - 2, side - 2);
  };
  pen.clearRect(0, 0, width, height);
  pen.fillStyle = pen.strokeStyle = colour;
  if (seen.length >= GRID) {
    for (let place = 0; place < CELLS; place += 1) {
      if (place === HEAD) continue;
      const lasts = seen[FEATURES + CELLS + place]!;
      cell(place, seen[FEATURES + 2 * CELLS + place] ? 0 : lasts > 0 ? 0.3 + 0.6 * lasts : 0.08);
      if (seen[FEATURES + 2 * CELLS + place]) dot(pen, left + (place % SIDE) * side + side / 2, top + Math.floor(place / SIDE) * side + side / 2, side * 0.36);
    }
  } else {
    AHEAD.forEach((step, turn) => cell(HEAD + step, seen[turn] ? 0.9 : 0.12));
    const heading = DIRECTIONS[[3, 4, 5, 6].findIndex((at) => seen[at] === 1)] ?? 0;
    const angle = 2 * Math.PI * (seen[11]! - heading - 0.25);
    const reach = height * 0.46 * Math.sqrt(Math.min(1, seen[12]!));
    const [x, y] = [width / 2 + reach * Math.cos(angle), height / 2 + reach * Math.sin(angle)];
    pen.globalAlpha = 1;
    pen.beginPath();
    pen.moveTo(width / 2, height / 2);
    pen.lineTo(x, y);
    pen.stroke();
    dot(pen, x, y, side * 0.36);
  }
  cell(HEAD, 1);
  pen.globalAlpha = 1;
}

function dot(pen: CanvasRenderingContext2D, x: number, y: number, radius: number): void {
  pen.globalAlpha = 1;
  pen.beginPath();
  pen.arc(x, y, radius, 0, 2 * Math.PI);
  pen.fill();
}
