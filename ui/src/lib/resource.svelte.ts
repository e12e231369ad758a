import { onDestroy } from "svelte";
import { events, type Kind } from "./events";
import { asProblem, type Problem } from "./problem";

const GATHER_MS = 400;
const AGAIN_MS = 4000;

/**
 * Something read from the server: its value, or why there is none. A failed re-read keeps the old value.
 * Create it while a component is being set up: it stops listening with that component.
 */
export class Resource<T> {
  value: T | null = $state.raw(null);
  problem: Problem | null = $state.raw(null);
  #read: () => Promise<T>;
  #turn = 0;
  #gathering: ReturnType<typeof setTimeout> | undefined;
  #again: ReturnType<typeof setTimeout> | undefined;
  #unsettled: (value: T) => boolean;
  #again_ms: number;

  /**
   * @param refreshOn kinds of events after which the value may be another
   * @param unsettled whether a value changes without an event, so that it is read again after `again_ms`
   */
  constructor(read: () => Promise<T>, refreshOn: Kind[] = [], unsettled: (value: T) => boolean = () => false, again_ms = AGAIN_MS) {
    this.#read = read;
    this.#unsettled = unsettled;
    this.#again_ms = again_ms;
    void this.load();
    const off = refreshOn.length > 0 ? events.on([...refreshOn, "hello"], () => this.#soon()) : () => undefined;
    onDestroy(() => {
      off();
      clearTimeout(this.#gathering);
      clearTimeout(this.#again);
      this.#turn = -1;
    });
  }

  load = async (): Promise<void> => {
    if (this.#turn < 0) return;
    const turn = ++this.#turn;
    try {
      const value = await this.#read();
      if (turn !== this.#turn) return; // a later read, or the page's end, overtook this one
      this.value = value;
      this.problem = null;
      this.#later(this.#unsettled(value));
    } catch (error) {
      if (turn !== this.#turn) return;
      this.problem = asProblem(error);
      this.#later(this.problem.offline);
    }
  };

  #later(wanted: boolean): void {
    clearTimeout(this.#again);
    if (wanted) this.#again = setTimeout(() => void this.load(), this.#again_ms);
  }

  /** Many events of one round cause one reading. */
  #soon(): void {
    clearTimeout(this.#gathering);
    this.#gathering = setTimeout(() => void this.load(), GATHER_MS);
  }
}

interface Paged<Row> {
  rows: Row[];
  next: string | null;
}

/** A list that grows page by page, following the server's cursor. Reading it again reads as many pages as are shown. */
export class Pages<Row> {
  /** what was read at once: the first page, and again as many as were opened by then */
  first: Resource<Paged<Row>>;
  #more: Row[] = $state.raw([]);
  #next: string | null | undefined = $state.raw(undefined);
  busy = $state(false);
  problem: Problem | null = $state.raw(null);
  /** pages shown after the first one */
  #opened = 0;
  /** how often the list was read again */
  #begun = 0;
  #read: (cursor: string | null) => Promise<Paged<Row>>;

  constructor(read: (cursor: string | null) => Promise<Paged<Row>>, refreshOn: Kind[] = []) {
    this.#read = read;
    this.first = new Resource(async () => {
      // What followed the first page as it was does not follow it now: rows may be between them, or in both.
      let { rows, next } = await read(null);
      for (let at = 0; at < this.#opened && next !== null; at += 1) {
        const page = await read(next);
        rows = [...rows, ...page.rows];
        next = page.next;
      }
      this.#begun += 1;
      this.#more = [];
      this.#next = undefined;
      return { rows, next };
    }, refreshOn);
  }

  get rows(): Row[] {
    return [...(this.first.value?.rows ?? []), ...this.#more];
  }

  get next(): string | null {
    return this.#next === undefined ? (this.first.value?.next ?? null) : this.#next;
  }

  more = async (): Promise<void> => {
    if (this.next === null || this.busy) return;
    const begun = this.#begun;
    this.busy = true;
    this.problem = null;
    try {
      const page = await this.#read(this.next);
      if (begun !== this.#begun) return; // it follows a page that is gone
      this.#opened += 1;
      this.#more = [...this.#more, ...page.rows];
      this.#next = page.next;
    } catch (error) {
      this.problem = asProblem(error);
    } finally {
      this.busy = false;
    }
  };
}
