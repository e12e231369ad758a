/** An attempt on its way: handed in, kept while offline, valued, judged. */
import { api, type Wire } from "../lib/api";
import { events } from "../lib/events";
import type { Phase } from "../lib/outcome";
import { asProblem, type Problem } from "../lib/problem";
import { session } from "../lib/session.svelte";
import { attempts } from "./outbox";

const RETRY_MS = 4000;
/** Read again even without an event, while something is still to come. */
const POLL_MS = 5000;

export class Followed {
  attempt: Wire<"Attempt"> | null = $state.raw(null);
  phase: Phase = $state("sending");
  problem: Problem | null = $state.raw(null);
  #id: string | null = null;
  #timer: ReturnType<typeof setTimeout> | undefined;
  readonly #off: () => void;

  constructor(readonly assignment: string, readonly body: Wire<"AttemptCreate">) {
    this.#off = events.on(["attempt", "verdict", "hello"], () => void this.read());
    void this.#send();
  }

  async #send(): Promise<void> {
    clearTimeout(this.#timer);
    try {
      this.#id = (await api.submit(this.assignment, this.body)).attempt_id;
      this.phase = "sent";
      await this.read();
    } catch (error) {
      const problem = asProblem(error);
      if (problem.offline || problem.status >= 500) this.#later();
      else this.problem = problem;
    }
  }

  /** Kept in the browser and tried again, also on a later visit. */
  #later(): void {
    this.phase = "offline";
    attempts.keep(this.assignment, this.body);
    this.#timer = setTimeout(async () => {
      const id = (await attempts.flush()).answers.get(this.assignment)?.attempt_id;
      if (id === undefined) return this.#later();
      this.#id = id;
      this.phase = "sent";
      await this.read();
    }, RETRY_MS);
  }

  read = async (): Promise<void> => {
    if (this.#id === null || this.settled) return;
    clearTimeout(this.#timer);
    try {
      this.attempt = await api.attempt(this.#id);
      if (this.settled) void session.load();
    } catch (error) {
      const problem = asProblem(error);
      if (!problem.offline && problem.status < 500) this.problem = problem;
    }
    if (!this.settled) this.#timer = setTimeout(() => void this.read(), POLL_MS);
  };

  get settled(): boolean {
    const status = this.attempt?.status;
    return status === "judged" || status === "refused" || status === "withdrawn";
  }

  close(): void {
    this.#off();
    clearTimeout(this.#timer);
  }
}
