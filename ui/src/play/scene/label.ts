/** A name above a car, turned towards the camera and as large as the car is near. */
import { CanvasTexture, Sprite, SpriteMaterial } from "three";
import { colour } from "../../lib/theme.svelte";
import type { Palette } from "./palette";

const MOST_LETTERS = 14;
const [HIGH_M, ABOVE_M] = [0.085, 0.24];
const [SIZE, MARGIN] = [36, 12];

export function label(name: string, { model }: Palette): Sprite {
  const text = name.length > MOST_LETTERS ? `${name.slice(0, MOST_LETTERS - 1)}…` : name;
  const canvas = document.createElement("canvas");
  const pen = canvas.getContext("2d");
  const font = `600 ${SIZE}px ${getComputedStyle(document.body).fontFamily}`;
  if (pen) pen.font = font;
  [canvas.width, canvas.height] = [Math.ceil(pen?.measureText(text).width ?? 1) + 2 * MARGIN, SIZE + 2 * MARGIN];
  if (pen) {
    pen.fillStyle = colour("raised");
    pen.beginPath();
    pen.roundRect(0, 0, canvas.width, canvas.height, MARGIN);
    pen.fill();
    pen.fillStyle = `#${model.getHexString()}`;
    pen.fillRect(0, canvas.height - 5, canvas.width, 5);
    // A canvas forgets its font when it is given a size.
    [pen.font, pen.fillStyle, pen.textBaseline] = [font, colour("ink"), "middle"];
    pen.fillText(text, MARGIN, canvas.height / 2);
  }
  const sprite = new Sprite(new SpriteMaterial({ map: new CanvasTexture(canvas), depthWrite: false, fog: true }));
  sprite.scale.set((HIGH_M * canvas.width) / canvas.height, HIGH_M, 1);
  sprite.position.y = ABOVE_M;
  return sprite;
}
