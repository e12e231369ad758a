/** A name above a car, turned towards the camera and of one size on the screen. */
import { CanvasTexture, Sprite, SpriteMaterial } from "three";
import { colour } from "../../lib/theme.svelte";
import type { Palette } from "./palette";

const MOST_LETTERS = 14;
/** share of the view, as a slope of its opening; metres */
const [HIGH, ABOVE_M] = [0.065, 0.22];
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
  const sprite = new Sprite(new SpriteMaterial({ map: new CanvasTexture(canvas), depthWrite: false, depthTest: false, sizeAttenuation: false, fog: false }));
  sprite.scale.set((HIGH * canvas.width) / canvas.height, HIGH, 1);
  sprite.center.set(0.5, 0);
  sprite.position.y = ABOVE_M;
  return sprite;
}
