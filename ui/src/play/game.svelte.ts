/** A session of play: one attempt after the other, from the assignment to the card. */
import { api, type Wire } from "../lib/api";
import { asProblem, type Problem } from "../lib/problem";
import { session } from "../lib/session.svelte";
import { freshKey } from "../lib/keys";
import { BoardSeat } from "../snake/boardSeat";
import { acquire } from "./acquire";
import type { Attempt } from "./attempt";
import { Followed } from "./follow.svelte";
import { attempts } from "./outbox";
import { RoadSeat } from "./roadSeat";

/** `warming`: the campaign has no champion yet */
export type Phase = "consent" | "warming" | "loading" | "ready" | "driving" | "slow" | "card" | "problem";
const WARMING_MS = 2000;
const SLOW_MS = 500;
const READY_MS = 900;
const FIRST_READY_MS = 1600;
const LEARNED_KEY = "manyhands.tookWheel";

export class Game {
  phase: Phase = $state("loading");
  problem: Problem | null = $state.raw(null);
  campaign: Wire<"Campaign"> | null = $state.raw(null);
  assignment: Wire<"Assignment"> | null = $state.raw(null);
  /** where one plays from, known with the campaign */
  seat: RoadSeat | BoardSeat | null = $state.raw(null);
  attempt: Attempt | null = $state.raw(null);
  followed: Followed | null = $state.raw(null);
  /** changes with every tick, for what is drawn from the attempt */
  ticks = $state(0);
  byHand = $state(false);
  /** the key caps were understood on this visit or an earlier one */
  learned = $state(remembered());
  always = $state(false);
  /** assignment that an earlier visit left open */
  #left: string | null = null;
  #key = freshKey();
  #timer: ReturnType<typeof setTimeout> | undefined;
  #closed = false;

  constructor(readonly campaignKey: string) {}

  /** Called when the wheel changes hands. */
  onHandover: (byHand: boolean) => void = () => undefined;

  async open(): Promise<void> {
    try {
      await Promise.all([this.#read(), session.load()]);
      this.#left = session.me?.open_assignment_id ?? null;
    } catch (error) {
      this.#fail(error);
      return;
    }
    if (session.state === "none") this.phase = "consent";
    else await this.next();
  }

  async #read(): Promise<Wire<"Campaign">> {
    const campaign = await api.campaign(this.campaignKey);
    this.campaign = campaign;
    this.seat ??= campaign.environment === "snake-v0" ? new BoardSeat() : new RoadSeat();
    return campaign;
  }

  #fail(error: unknown): void {
    this.problem = asProblem(error);
    this.phase = "problem";
  }

  /** Fetch the next start and everything to play it with. */
  next = async (): Promise<void> => {
    if (this.phase === "driving" || this.phase === "ready" || this.phase === "slow") return;
    if (this.phase !== "warming") this.phase = "loading";
    this.problem = null;
    this.followed?.close();
    this.followed = null;
    try {
      await attempts.flush(); // what is kept here belongs to an assignment that would still be open
      const campaign = await this.#read();
      if (this.#closed) return;
      if (campaign.state === "warming") {
        this.phase = "warming";
        this.#timer = setTimeout(() => void this.next(), WARMING_MS);
        return;
      }
      this.phase = "loading";
      const assignment = await acquire(campaign, this.#key, this.#left);
      this.#left = null;
      void session.load();
      const attempt = await this.seat!.lay(assignment);
      if (this.#closed) return;
      this.assignment = assignment;
      this.attempt = attempt;
      this.#key = freshKey();
      this.#reset();
    } catch (error) {
      this.#fail(error);
    }
  };

  #reset(): void {
    this.ticks = 0;
    this.byHand = false;
    this.phase = "ready";
    this.#timer = setTimeout(() => (this.phase = "driving"), this.learned ? READY_MS : FIRST_READY_MS);
  }

  /** One control tick; called by the loop while `phase` is driving. */
  tick(clock_ms: number): void {
    const { attempt, seat } = this;
    if (!attempt || !seat || this.phase !== "driving") return;
    seat.hands.always = this.always;
    const byHand = seat.advance(clock_ms);
    if (byHand !== this.byHand) this.#handover(byHand);
    this.ticks = attempt.ticks;
    if (attempt.ended) this.#end(attempt.ended);
  }

  #handover(byHand: boolean): void {
    this.byHand = byHand;
    this.onHandover(byHand);
    if (!byHand || this.learned) return;
    this.learned = true;
    try {
      localStorage.setItem(LEARNED_KEY, "yes");
    } catch {
      return; // the key caps come back on the next visit
    }
  }

  #end(ended: "crash" | "time"): void {
    this.phase = "slow";
    this.followed = new Followed(this.assignment!.id, this.attempt!.record());
    this.#timer = setTimeout(() => (this.phase = "card"), ended === "crash" ? SLOW_MS : SLOW_MS / 2);
  }

  close(): void {
    this.#closed = true;
    clearTimeout(this.#timer);
    this.followed?.close();
  }
}

function remembered(): boolean {
  try {
    return localStorage.getItem(LEARNED_KEY) === "yes";
  } catch {
    return false; // storage refused: every visit is the first
  }
}
