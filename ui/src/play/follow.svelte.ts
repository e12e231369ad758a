/** An attempt on its way: handed in, kept while offline, valued, judged. */
import { api, type Wire } from "../lib/api";
import { events } from "../lib/events";
import { passes } from "../lib/outbox";
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
  #turn = 0;
  #closed = false;
  #timer: ReturnType<typeof setTimeout> | undefined;
  readonly #off: () => void;

  constructor(readonly assignment: string, readonly body: Wire<"AttemptCreate">) {
    this.#off = events.on(["attempt", "verdict", "hello"], () => {
      if (!this.settled) void this.read();
    });
    void this.#send();
  }

  async #send(): Promise<void> {
    try {
      await this.#enter((await api.submit(this.assignment, this.body)).attempt_id);
    } catch (error) {
      const problem = asProblem(error);
      if (passes(problem)) this.#later(problem);
      else this.#refuse(problem);
    }
  }

  async #enter(id: string): Promise<void> {
    this.#id = id;
    this.phase = "sent";
    await this.read();
  }

  /** The server will never take it, as after the assignment's expiry; nothing more is tried. */
  #refuse(problem: Problem): void {
    this.phase = "sending";
    this.problem = problem;
  }

  /** Kept in the browser and tried again, also on a later visit. */
  #later(why: Problem | null): void {
    attempts.keep(this.assignment, this.body);
    if (this.#closed) return;
    if (why) this.phase = why.offline || why.status >= 500 ? "offline" : "delayed";
    const wait_ms = 1000 * (why?.retryAfter_s ?? 0) || RETRY_MS;
    this.#timer = setTimeout(() => void this.#flush(), wait_ms);
  }

  async #flush(): Promise<void> {
    const { answers, refused, waiting } = await attempts.flush();
    if (this.#closed) return;
    const [answer, problem] = [answers.get(this.assignment), refused.get(this.assignment)];
    if (answer) await this.#enter(answer.attempt_id);
    else if (problem) this.#refuse(problem);
    else this.#later(waiting); // with nothing to wait for, another window sent it: sent again, it gets the same answer
  }

  read = async (): Promise<void> => {
    if (this.#id === null || this.#closed) return;
    clearTimeout(this.#timer);
    const turn = ++this.#turn;
    try {
      const attempt = await api.attempt(this.#id);
      if (turn !== this.#turn) return; // a later reading, or the end, overtook this one
      this.attempt = attempt;
      this.problem = null;
      if (this.settled) void session.load();
    } catch (error) {
      if (turn !== this.#turn) return;
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
    this.#closed = true;
    this.#turn += 1;
    this.#off();
    clearTimeout(this.#timer);
  }
}
