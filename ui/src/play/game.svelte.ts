/** A session at the wheel: one attempt after the other, from the assignment to the card. */
import { api, type Wire } from "../lib/api";
import { asProblem, type Problem } from "../lib/problem";
import { session } from "../lib/session.svelte";
import { V } from "../sim/car";
import { conditionsOf } from "../sim/fresh";
import { plainState, stateOf } from "../sim/plain";
import { Racer } from "../sim/rules";
import { freshKey } from "../lib/keys";
import { acquire } from "./acquire";
import { loadDriver, loadTrack } from "./assets";
import { Drive, type Ended } from "./drive";
import { Followed } from "./follow.svelte";
import { attempts } from "./outbox";
import { Hands, lockAt } from "./hands";

export type Phase = "consent" | "loading" | "ready" | "driving" | "slow" | "card" | "problem";
const SLOW_MS = 500;
const READY_MS = 900;
const FIRST_READY_MS = 1600;
const LEARNED_KEY = "manyhands.tookWheel";

export class Game {
  phase: Phase = $state("loading");
  problem: Problem | null = $state.raw(null);
  campaign: Wire<"Campaign"> | null = $state.raw(null);
  assignment: Wire<"Assignment"> | null = $state.raw(null);
  drive: Drive | null = $state.raw(null);
  followed: Followed | null = $state.raw(null);
  /** changes with every tick, for what is drawn from the drive */
  ticks = $state(0);
  byHand = $state(false);
  progress_m = $state(0);
  ended: Ended = $state(null);
  /** the key caps were understood on this visit or an earlier one */
  learned = $state(remembered());
  always = $state(false);
  readonly hands = new Hands();
  #key = freshKey();
  #timer: ReturnType<typeof setTimeout> | undefined;
  #closed = false;

  constructor(readonly campaignKey: string) {}

  /** Called when the wheel changes hands. */
  onHandover: (byHand: boolean) => void = () => undefined;

  async open(): Promise<void> {
    if (session.state === "loading") await session.load();
    if (session.state === "none") this.phase = "consent";
    else await this.next();
  }

  /** Fetch the next start and everything to drive it with. */
  next = async (): Promise<void> => {
    if (this.phase === "driving" || this.phase === "ready" || this.phase === "slow") return;
    this.phase = "loading";
    this.problem = null;
    this.followed?.close();
    this.followed = null;
    try {
      await attempts.flush(); // what is kept here belongs to an assignment that would still be open
      this.campaign = await api.campaign(this.campaignKey);
      const assignment = await acquire(this.campaign, this.#key);
      void session.load();
      const start = plainState(assignment.start);
      const [track, driver] = await Promise.all([loadTrack(start.track), loadDriver(assignment.champion_cid)]);
      if (this.#closed) return;
      const racer = new Racer(track, conditionsOf(assignment.config).car);
      this.assignment = assignment;
      this.drive = new Drive(racer, driver, stateOf(start), assignment.max_ticks);
      this.#key = freshKey();
      this.#reset();
    } catch (error) {
      this.problem = asProblem(error);
      this.phase = "problem";
    }
  };

  #reset(): void {
    this.ticks = 0;
    this.progress_m = 0;
    this.ended = null;
    this.byHand = false;
    const { steer, throttle } = this.drive!.command;
    this.hands.follow(steer, throttle);
    this.phase = "ready";
    this.#timer = setTimeout(() => (this.phase = "driving"), this.learned ? READY_MS : FIRST_READY_MS);
  }

  /** One control tick; called by the loop while `phase` is driving. */
  tick(clock_ms: number): void {
    const drive = this.drive;
    if (!drive || this.phase !== "driving") return;
    this.hands.always = this.always;
    this.hands.lock = lockAt(drive.racer.car, drive.motion[V]!);
    const byHand = this.hands.driving(clock_ms);
    if (byHand) {
      this.hands.advance(clock_ms);
      drive.tick(this.hands);
    } else {
      drive.tick(null);
      const { steer, throttle } = drive.command;
      this.hands.follow(steer, throttle, clock_ms);
    }
    if (byHand !== this.byHand) this.#handover(byHand);
    this.ticks = drive.ticks;
    this.progress_m = drive.progress_m;
    if (drive.ended) this.#end(drive.ended);
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
    this.ended = ended;
    this.phase = "slow";
    this.followed = new Followed(this.assignment!.id, this.drive!.record());
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
