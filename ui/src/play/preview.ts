/** A champion at work in a small window, drawn flat, without the weight of a 3D scene. */
import { api, type Wire } from "../lib/api";
import { conditionsOf, freshStart } from "../sim/fresh";
import { Racer } from "../sim/rules";
import { boardOf, freshGame } from "../sim/snakeFresh";
import { SnakeAttempt } from "../snake/attempt";
import { BoardPreview } from "../snake/preview";
import { loadDriver, loadPlayer, loadTrack } from "./assets";
import { Drive } from "./drive";
import { RoadPreview } from "./previewRoad";
import { freshRoad } from "./shows";

export interface Preview {
  destroy(): void;
}

/** Show the campaign's champion in `canvas` until destroyed. Throws Problem when it cannot be fetched. */
export async function mountPreview(canvas: HTMLCanvasElement, campaignId: string): Promise<Preview> {
  const campaign = await api.campaign(campaignId);
  if (campaign.champion_cid === null) return { destroy: () => undefined };
  const { show, next } = await (campaign.environment === "snake-v0" ? boards : roads)(canvas, campaign, campaign.champion_cid);
  // The last picture stays when the server is gone.
  show.onEnd = () => void next().catch(() => show.destroy());
  try {
    await next();
  } catch (error) {
    show.destroy();
    throw error;
  }
  return show;
}

interface Screening {
  show: Preview & { onEnd: () => void };
  /** begin a fresh start */
  next: () => Promise<void>;
}

const freshSeed = (): number => Math.floor(Math.random() * 2 ** 32);

async function roads(canvas: HTMLCanvasElement, { config }: Wire<"Campaign">, cid: string): Promise<Screening> {
  const driver = await loadDriver(cid);
  const conditions = conditionsOf(config);
  const show = new RoadPreview(canvas);
  const next = async (): Promise<void> => {
    const seed = freshSeed();
    const track = await loadTrack(freshRoad(seed));
    show.play(new Drive(new Racer(track, conditions.car), driver, freshStart(track, conditions, seed)));
  };
  return { show, next };
}

async function boards(canvas: HTMLCanvasElement, { config }: Wire<"Campaign">, cid: string): Promise<Screening> {
  const player = await loadPlayer(cid);
  const show = new BoardPreview(canvas, boardOf(config));
  const next = async (): Promise<void> => show.play(new SnakeAttempt(player, freshGame(config, freshSeed())));
  return { show, next };
}
