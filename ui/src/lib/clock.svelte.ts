const STEP_MS = 15_000;

/** The time as the page's "3 minutes ago" reads it: one timer for all of them. */
class Clock {
  ms = $state(Date.now());

  constructor() {
    setInterval(() => (this.ms = Date.now()), STEP_MS);
  }
}

export const clock = new Clock();
