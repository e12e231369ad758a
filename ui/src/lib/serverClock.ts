/** of an answer's age, the part by which its doubt grows */
const TRUST = 1000;

/** The server's clock, as far as answers that carry it tell. */
export class ServerClock {
  #offset_ms = 0;
  #doubt_ms = Infinity;
  #heard_ms = 0;

  /**
   * Take in an answer: when it was asked for and came, by this page's clock, and the server's clock in between.
   * The quickest answer counts, for its error is at most half of the time it took; the older it is, the less it
   * is trusted, since clocks drift and are set.
   */
  heard(asked_ms: number, came_ms: number, server_ms: number): void {
    const took_ms = came_ms - asked_ms;
    const aged_ms = Math.abs(came_ms - this.#heard_ms) / TRUST;
    if (took_ms < 0 || took_ms > this.#doubt_ms + aged_ms) return;
    this.#doubt_ms = took_ms;
    this.#heard_ms = came_ms;
    this.#offset_ms = server_ms - (asked_ms + came_ms) / 2;
  }

  /** The server's time at a time of this page's clock. */
  at(page_ms: number): number {
    return page_ms + this.#offset_ms;
  }
}
