/** Attempts that left the card before all was known of them. Pure: what the server says is handed in. */
import type { Wire } from "../lib/api";
import { attemptState } from "../lib/outcome";

type Summary = Wire<"AttemptSummary">;

/** So many are followed, the newest: what the first page of the player's attempts shows. */
const MOST = 50;

/** The attempt on the card, which tells of itself; null while the server has not named it yet. */
export interface OnCard {
  id: string | null;
}

/** Nothing changes any more: paid, or in a lot that is, charged, refused or withdrawn. */
const finished = (row: Summary): boolean => row.lot_state !== "open" || row.paid_micro > 0 || row.charged_micro > 0 || row.status === "refused" || row.status === "withdrawn";
const moved_micro = (row: Summary): number => Math.abs(row.paid_micro - row.charged_micro);

export class Earlier {
  /** by attempt: its campaign, and what the player knows of it */
  readonly #followed = new Map<string, { campaign: string; told: string | null }>();

  follow(id: string, campaign: string): void {
    if (this.#followed.has(id)) return;
    this.#followed.set(id, { campaign, told: null });
    if (this.#followed.size > MOST) this.#followed.delete(this.#followed.keys().next().value!);
  }

  /** Whether there is any of which something is still to come. */
  get follows(): boolean {
    return this.#followed.size > 0;
  }

  /** Whether a verdict of the campaign may change one of them. */
  awaits(campaign: string): boolean {
    return [...this.#followed.values()].some((one) => one.campaign === campaign);
  }

  /**
   * What is new among the player's attempts: of several the one that moved most credits, null for none. Told once.
   * While the attempt on the card has no name, any row may be that one: nothing is told, and nothing counts as told.
   */
  news(rows: readonly Summary[], card: OnCard | null): Summary | null {
    if (card?.id === null) return null;
    let most: Summary | null = null;
    for (const row of rows) {
      const one = this.#followed.get(row.id);
      const state = attemptState(row);
      if (!one || (row.status !== "judged" && !finished(row))) continue;
      const known = one.told === state;
      one.told = state;
      if (finished(row)) this.#followed.delete(row.id);
      if (known || row.id === card?.id || row.status === "withdrawn") continue;
      if (!most || moved_micro(row) > moved_micro(most)) most = row;
    }
    return most;
  }
}
