import uPlot from "uplot";
import type { Wire } from "./api";
import { attemptsRange, isFull, scoreColumns, scoreRange } from "./scores";

/** As the browser computes them. */
export interface ChartColours {
  ink: string;
  muted: string;
  line: string;
  model: string;
  band: string;
  paper: string;
  family: string;
  font_px: number;
  dot_px: number;
}

interface Frame {
  width: number;
  height: number;
  colours: ChartColours;
  onPoint: (index: number | null) => void;
}

/** @param scale of a canvas's pixels to the page's */
const font = (colours: ChartColours, scale = 1): string => `${scale * colours.font_px}px ${colours.family}`;

/** Filled dots where a champion changed, hollow ones where the gate said no; both are clickable by index. */
function drawDots(history: readonly Wire<"ScorePoint">[], colours: ChartColours) {
  return (plot: uPlot): void => {
    const { ctx } = plot;
    ctx.save();
    ctx.lineWidth = 1.5 * devicePixelRatio;
    ctx.strokeStyle = colours.model;
    for (const point of history) {
      if (point.score === null) continue;
      const radius = colours.dot_px * devicePixelRatio * (isFull(point) ? 1 : 0.7);
      ctx.beginPath();
      ctx.arc(plot.valToPos(point.attempts, "x", true), plot.valToPos(100 * point.score, "y", true), radius, 0, 2 * Math.PI);
      ctx.fillStyle = isFull(point) ? colours.model : colours.paper;
      ctx.fill();
      ctx.stroke();
    }
    ctx.restore();
  };
}

function drawTarget(target: number, colours: ChartColours) {
  return (plot: uPlot): void => {
    const { ctx, bbox } = plot;
    const y = plot.valToPos(100 * target, "y", true);
    ctx.save();
    ctx.strokeStyle = colours.muted;
    ctx.fillStyle = colours.muted;
    ctx.lineWidth = devicePixelRatio;
    ctx.setLineDash([4 * devicePixelRatio, 4 * devicePixelRatio]);
    ctx.beginPath();
    ctx.moveTo(bbox.left, y);
    ctx.lineTo(bbox.left + bbox.width, y);
    ctx.stroke();
    ctx.font = font(colours, devicePixelRatio);
    ctx.textAlign = "right";
    ctx.textBaseline = "bottom";
    ctx.fillText("target", bbox.left + bbox.width, y - 3 * devicePixelRatio);
    ctx.restore();
  };
}

/** The score history: the champion as a stepped line, its interval as a band. */
export function scoreChart(target: HTMLElement, campaign: Wire<"Campaign">, frame: Frame): uPlot {
  const { colours } = frame;
  const columns = scoreColumns(campaign.history, campaign.attempts);
  const stepped = uPlot.paths.stepped?.({ align: 1 });
  const quiet = { stroke: "transparent", points: { show: false }, ...(stepped ? { paths: stepped } : {}) };
  const axis = {
    stroke: colours.muted,
    font: font(colours),
    labelFont: font(colours),
    labelSize: 24,
    grid: { stroke: colours.line, width: 1 },
    ticks: { show: false },
  };
  const options: uPlot.Options = {
    width: frame.width,
    height: frame.height,
    legend: { show: false },
    cursor: { points: { show: false }, drag: { x: false, y: false } },
    scales: {
      x: { time: false, range: attemptsRange(columns) },
      y: { range: scoreRange(columns, campaign.target_score) },
    },
    axes: [
      { ...axis, label: "attempts judged", size: 30, grid: { show: false } },
      { ...axis, label: "% of the reference", size: 44 },
    ],
    series: [
      {},
      { ...quiet, label: "low" },
      { ...quiet, label: "high" },
      { ...quiet, label: "score", stroke: colours.model, width: 2 },
    ],
    bands: [{ series: [2, 1], fill: colours.band }],
    hooks: {
      draw: [drawTarget(campaign.target_score, colours), drawDots(campaign.history, colours)],
      setCursor: [(plot) => frame.onPoint(plot.cursor.idx ?? null)],
    },
  };
  return new uPlot(options, [columns.attempts, columns.low, columns.high, columns.score], target);
}
