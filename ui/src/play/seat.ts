/** A place to play from: what an environment brings to a session of attempts. */
import type { Wire } from "../lib/api";
import type { Attempt } from "./attempt";
import type { Presses } from "./hold";

export interface Seat {
  readonly hands: Presses & { always: boolean };
  /** Fetch everything an assignment is played with and begin its attempt. Throws Problem or RangeError. */
  lay(assignment: Wire<"Assignment">): Promise<Attempt>;
  /** Make one control tick of the attempt begun last; returns whether a person made it. */
  advance(clock_ms: number): boolean;
}
