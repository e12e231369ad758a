import type { Wire } from "./api";

export type Kind = Wire<"Event">["kind"];
type Listener = (event: Wire<"Event">) => void;

const KINDS: Kind[] = ["hello", "attempt", "round", "verdict", "campaign", "balance", "dispute", "ban", "race"];
const FIRST_WAIT_MS = 1000;
const LONGEST_WAIT_MS = 30_000;

/**
 * One stream of server-sent events for the whole page. The browser resumes a broken connection by itself
 * (Last-Event-ID); where it gives up, this reopens after a jittered, growing wait. Where the server cannot go on
 * from there, it says `hello`, and listeners of it read again what they may have missed.
 */
class Events {
  #source: EventSource | null = null;
  #listeners = new Map<Kind, Set<Listener>>();
  #wait_ms = FIRST_WAIT_MS;
  #timer: ReturnType<typeof setTimeout> | undefined;
  /** Whether a `hello` means a gap: the first one comes while its listeners read for the first time. */
  #begun = false;

  /** Hear events of these kinds until the returned function is called. */
  on(kinds: Kind[], listener: Listener): () => void {
    for (const kind of kinds) {
      const set = this.#listeners.get(kind) ?? new Set();
      this.#listeners.set(kind, set.add(listener));
    }
    this.#open();
    return () => {
      for (const kind of kinds) this.#listeners.get(kind)?.delete(listener);
      if ([...this.#listeners.values()].every((set) => set.size === 0)) {
        this.#close();
        this.#begun = false;
      }
    };
  }

  /** A changed session hears other events: start the stream anew. */
  restart(): void {
    if (!this.#source) return;
    this.#close();
    this.#begun = true;
    this.#open();
  }

  #open(): void {
    if (this.#source) return;
    clearTimeout(this.#timer);
    const source = new EventSource("/api/events");
    this.#source = source;
    source.onopen = () => (this.#wait_ms = FIRST_WAIT_MS);
    source.onerror = () => {
      this.#begun = true;
      if (source.readyState !== EventSource.CLOSED || this.#source !== source) return;
      this.#source = null;
      this.#timer = setTimeout(() => this.#open(), this.#wait_ms * (0.5 + Math.random()));
      this.#wait_ms = Math.min(2 * this.#wait_ms, LONGEST_WAIT_MS);
    };
    for (const kind of KINDS) source.addEventListener(kind, (message) => this.#tell(kind, message));
  }

  #tell(kind: Kind, message: MessageEvent<string>): void {
    if (kind === "hello" && !this.#begun) {
      this.#begun = true;
      return;
    }
    const event = JSON.parse(message.data) as Wire<"Event">;
    for (const listener of this.#listeners.get(kind) ?? []) listener(event);
  }

  #close(): void {
    clearTimeout(this.#timer);
    this.#source?.close();
    this.#source = null;
  }
}

export const events = new Events();
