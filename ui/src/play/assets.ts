/** Tracks and policies never change once published: each is fetched once a visit. */
import { api } from "../lib/api";
import { Driver } from "../sim/driver";
import { Policy } from "../sim/policy";
import { SnakePlayer } from "../sim/snakePlayer";
import { trackOf, type Track } from "../sim/track";

const tracks = new Map<string, Promise<Track>>();
const policies = new Map<string, Promise<ArrayBuffer>>();

function once<T>(map: Map<string, Promise<T>>, key: string, fetch: () => Promise<T>): Promise<T> {
  const known = map.get(key);
  if (known) return known;
  const asked = fetch();
  map.set(key, asked);
  asked.catch(() => map.delete(key)); // a failure is not remembered
  return asked;
}

export function loadTrack(id: string): Promise<Track> {
  return once(tracks, id, async () => {
    const [data, grid] = await Promise.all([api.track(id), api.grid(id)]);
    return trackOf(data, grid);
  });
}

const loadPolicy = async (cid: string): Promise<Policy> => new Policy(await once(policies, cid, () => api.policyBytes(cid)));

/** A driver of its own for every caller, for its buffers hold what it saw last. */
export async function loadDriver(cid: string): Promise<Driver> {
  return new Driver(await loadPolicy(cid));
}

/** The same for boards. */
export async function loadPlayer(cid: string): Promise<SnakePlayer> {
  return new SnakePlayer(await loadPolicy(cid));
}
