import { api, type Wire } from "./api";
import { events } from "./events";
import { asProblem, type Problem } from "./problem";

const KEY = "manyhands.player";

/**
 * Whether this browser ever opened an account: its cookie is out of the page's sight, and asking for a
 * player that is not there would be an error on every first visit. If storage is refused, ask.
 */
function everOpened(): boolean {
  try {
    return localStorage.getItem(KEY) !== null;
  } catch {
    return true;
  }
}

function remember(player: string | null): void {
  try {
    if (player === null) localStorage.removeItem(KEY);
    else localStorage.setItem(KEY, player);
  } catch {
    return; // `everOpened` then asks the server each time
  }
}

type State = "loading" | "none" | "player" | "failed";

/** Who is at the page: nobody yet, or a player with a balance that follows the server's events. */
class Session {
  state: State = $state("loading");
  me: Wire<"Me"> | null = $state(null);
  problem: Problem | null = $state(null);
  #listening = false;
  #asked = 0;
  /** number of the newest question that was answered; an older one's answer, coming later, is out of date */
  #heard = 0;

  async load(): Promise<void> {
    if (!everOpened()) {
      this.state = "none";
      return;
    }
    const asked = ++this.#asked;
    try {
      const me = await api.me();
      if (asked > this.#heard) this.#enter(me, asked);
    } catch (error) {
      if (asked < this.#heard) return;
      this.#heard = asked;
      const problem = asProblem(error);
      if (problem.status === 401) {
        this.me = null;
        remember(null);
      }
      this.problem = problem.status === 401 ? null : problem;
      this.state = problem.status === 401 ? "none" : this.me ? "player" : "failed";
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

  #enter(me: Wire<"Me">, asked = ++this.#asked): void {
    this.#heard = asked;
    this.me = me;
    remember(me.id);
    this.state = "player";
    this.problem = null;
    if (this.#listening) return;
    this.#listening = true;
    events.on(["balance", "ban", "hello"], () => void this.load());
  }
}

export const session = new Session();
