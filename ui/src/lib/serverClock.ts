/** The server's clock, as far as answers that carry it tell. */
export class ServerClock {
  #offset_ms = 0;
  #doubt_ms = Infinity;

  /**
   * Take in an answer: when it was asked for and came, by this page's clock, and the server's clock in between.
   * The quickest answer so far counts; its error is at most half of the time it took.
   */
  heard(asked_ms: number, came_ms: number, server_ms: number): void {
    const took_ms = came_ms - asked_ms;
    if (took_ms > this.#doubt_ms) return;
    this.#doubt_ms = took_ms;
    this.#offset_ms = server_ms - (asked_ms + came_ms) / 2;
  }

  /** The server's time at a time of this page's clock. */
  at(page_ms: number): number {
    return page_ms + this.#offset_ms;
  }
}
