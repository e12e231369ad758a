import { api, type Wire } from "./api";
import { events } from "./events";
import { asProblem, type Problem } from "./problem";

type State = "loading" | "none" | "player" | "failed";

/** Who is at the page: nobody yet, or a player with a balance that follows the server's events. */
class Session {
  state: State = $state("loading");
  me: Wire<"Me"> | null = $state(null);
  problem: Problem | null = $state(null);
  #listening = false;

  async load(): Promise<void> {
    try {
      this.#enter(await api.me());
    } catch (error) {
      const problem = asProblem(error);
      this.me = null;
      this.problem = problem.status === 401 ? null : problem;
      this.state = problem.status === 401 ? "none" : "failed";
    }
  }

  /** Begin as a guest; consent is what the click on the consent sentence gave. */
  async begin(name?: string): Promise<void> {
    this.#enter(await api.startSession(name));
    events.restart();
  }

  async recover(code: string): Promise<void> {
    this.#enter(await api.recover(code));
    events.restart();
  }

  /** Take over what an endpoint answered, or read again when money moved. */
  update(me: Wire<"Me">): void {
    this.#enter(me);
  }

  #enter(me: Wire<"Me">): void {
    this.me = me;
    this.state = "player";
    this.problem = null;
    if (this.#listening) return;
    this.#listening = true;
    events.on(["balance", "ban"], () => void this.load());
  }
}

export const session = new Session();
