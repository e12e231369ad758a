/** With `?debug` in the address, a read-only look at a race driven by hand, for tests. */
import type { HandDrive } from "./handDrive";

/** Returns the end of it. */
export function exposeHand(drive: HandDrive): () => void {
  window.__manyhands = {
    get state() {
      const { race, hands, phase } = drive;
      const { state } = race.episode;
      return {
        phase,
        ticks: race.ticks,
        motion: [...state.motion],
        command: [hands.steer, hands.throttle] as [number, number],
        waypoint: state.waypoint,
        track: drive.track.id,
        boxes: [...state.boxes],
      };
    },
  };
  return () => {
    delete window.__manyhands;
  };
}
