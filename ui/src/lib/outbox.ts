/** What could not be sent: kept in this browser and sent, oldest first, when the server can be reached again. */
import { asProblem, type Problem } from "./problem";

const MOST = 20;
/** Answers after which the same request may succeed later: signed in again, or slower. */
const AGAIN = [401, 429];

/** Whether what could not be sent may be taken later; everything else is refused for good. */
export function passes({ offline, status }: Problem): boolean {
  return offline || status >= 500 || AGAIN.includes(status);
}

export interface Kept<Body> {
  id: string;
  body: Body;
}

export interface Flushed<Answer> {
  answers: Map<string, Answer>;
  /** what the server will never take, and why; it is kept no longer */
  refused: Map<string, Problem>;
  /** why the rest must wait */
  waiting: Problem | null;
}

export class Outbox<Body, Answer> {
  /** Where the browser refuses storage, things are kept for as long as the page is open. */
  #here: Kept<Body>[] = [];

  constructor(
    readonly key: string,
    readonly send: (id: string, body: Body) => Promise<Answer>,
  ) {}

  kept(): Kept<Body>[] {
    try {
      const parsed: unknown = JSON.parse(localStorage.getItem(this.key) ?? "[]");
      const stored = Array.isArray(parsed) ? (parsed as Kept<Body>[]) : [];
      return [...stored.filter(({ id }) => !this.#here.some((one) => one.id === id)), ...this.#here];
    } catch {
      return this.#here; // what is stored cannot be read
    }
  }

  /** Keep one thing under its id; a later one replaces it. */
  keep(id: string, body: Body): void {
    this.#store([...this.kept().filter((one) => one.id !== id), { id, body }]);
  }

  drop(id: string): void {
    this.#store(this.kept().filter((one) => one.id !== id));
  }

  /** Send everything kept; what the server refuses for good is dropped. */
  async flush(): Promise<Flushed<Answer>> {
    const flushed: Flushed<Answer> = { answers: new Map(), refused: new Map(), waiting: null };
    for (const { id, body } of this.kept()) {
      try {
        flushed.answers.set(id, await this.send(id, body));
      } catch (error) {
        const problem = asProblem(error);
        if (passes(problem)) {
          flushed.waiting = problem;
          break;
        }
        flushed.refused.set(id, problem);
      }
      this.drop(id);
    }
    return flushed;
  }

  #store(list: Kept<Body>[]): void {
    try {
      if (list.length) localStorage.setItem(this.key, JSON.stringify(list.slice(-MOST)));
      else localStorage.removeItem(this.key);
      this.#here = [];
    } catch {
      this.#here = list;
    }
  }
}
