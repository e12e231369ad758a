/** At the wheel of a car. */
import type { Wire } from "../lib/api";
import { V } from "../sim/car";
import { conditionsOf } from "../sim/fresh";
import { plainState, stateOf } from "../sim/plain";
import { Racer } from "../sim/rules";
import { loadDriver, loadTrack } from "./assets";
import { Drive } from "./drive";
import { Hands, lockAt } from "./hands";
import type { Seat } from "./seat";

export class RoadSeat implements Seat {
  readonly hands = new Hands();
  #drive: Drive | null = null;

  async lay(assignment: Wire<"Assignment">): Promise<Drive> {
    const start = plainState(assignment.start);
    const [track, driver] = await Promise.all([loadTrack(start.track), loadDriver(assignment.champion_cid)]);
    const racer = new Racer(track, conditionsOf(assignment.config).car);
    const drive = new Drive(racer, driver, stateOf(start), assignment.max_ticks);
    this.hands.follow(drive.command.steer, drive.command.throttle);
    return (this.#drive = drive);
  }

  advance(clock_ms: number): boolean {
    const drive = this.#drive!;
    const { hands } = this;
    hands.lock = lockAt(drive.racer.car, drive.motion[V]!);
    const byHand = hands.driving(clock_ms);
    if (byHand) {
      hands.advance(clock_ms);
      drive.tick(hands);
    } else {
      drive.tick(null);
      hands.follow(drive.command.steer, drive.command.throttle, clock_ms);
    }
    return byHand;
  }
}
