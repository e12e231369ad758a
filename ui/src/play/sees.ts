/** Draws what the model sees: its camera picture, enlarged, the fan of its lidar beams, or its part of the board. */
import { Camera, Lidar } from "../sim/sensors";
import type { SnakePlayer } from "../sim/snakePlayer";
import { drawSight } from "../snake/sees";

/** Where an enlarged picture is put together before it is scaled up. */
const small = document.createElement("canvas");

export function drawEye(canvas: HTMLCanvasElement, eye: Camera | Lidar | SnakePlayer, colour: string): void {
  const context = canvas.getContext("2d");
  if (!context) return;
  if (eye instanceof Camera) drawPicture(context, eye);
  else if (eye instanceof Lidar) drawFan(context, eye, colour);
  else drawSight(context, eye.vector, colour);
}

function drawPicture(context: CanvasRenderingContext2D, { spec, pixels }: Camera): void {
  small.width = spec.width;
  small.height = spec.height;
  const pen = small.getContext("2d");
  if (!pen) return;
  const image = pen.createImageData(spec.width, spec.height);
  for (let i = 0; i < pixels.length; i++) {
    image.data[4 * i] = image.data[4 * i + 1] = image.data[4 * i + 2] = pixels[i]!;
    image.data[4 * i + 3] = 255;
  }
  pen.putImageData(image, 0, 0);
  context.imageSmoothingEnabled = false;
  context.drawImage(small, 0, 0, context.canvas.width, context.canvas.height);
}

/** Metres that reach the rim of the fan. */
const REACH_M = 1.8;

function drawFan(context: CanvasRenderingContext2D, { values, directions, spec }: Lidar, colour: string): void {
  const { width, height } = context.canvas;
  context.clearRect(0, 0, width, height);
  const backward = Math.max(0, -Math.cos(spec.spread_rad));
  const scale = Math.min(height / (1 + backward), (0.5 * width) / Math.sin(Math.min(spec.spread_rad, Math.PI / 2))) * 0.94;
  const [x0, y0] = [width / 2, height - backward * scale - height * 0.03];
  context.strokeStyle = context.fillStyle = colour;
  context.lineWidth = Math.max(1, width / 160);
  context.beginPath();
  context.moveTo(x0, y0);
  for (let beam = 0; beam < spec.beams; beam++) {
    const metres = values[beam]! / (1 - values[beam]!);
    const reach = scale * Math.sqrt(Math.min(metres, REACH_M) / REACH_M);
    // Left of the car is left in the picture: the first beam looks right.
    context.lineTo(x0 - reach * directions[2 * beam + 1]!, y0 - reach * directions[2 * beam]!);
  }
  context.closePath();
  context.globalAlpha = 0.22;
  context.fill();
  context.globalAlpha = 1;
  context.beginPath();
  for (let beam = 0; beam < spec.beams; beam++) {
    const metres = values[beam]! / (1 - values[beam]!);
    const reach = scale * Math.sqrt(Math.min(metres, REACH_M) / REACH_M);
    context.moveTo(x0, y0);
    context.lineTo(x0 - reach * directions[2 * beam + 1]!, y0 - reach * directions[2 * beam]!);
  }
  context.stroke();
}
