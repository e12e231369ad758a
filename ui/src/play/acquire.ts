/** Getting something to play: a fresh assignment, or the one that is still open after a reload. */
import { api, type Wire } from "../lib/api";
import { asProblem } from "../lib/problem";

/** A key nobody else chooses; asking again with it gives the same assignment. */
export function freshKey(): string {
  return Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, "0")).join("");
}

/** Throws Problem. An assignment left open in this campaign is played on; one of another campaign is given back. */
export async function acquire(campaign: Wire<"Campaign">, key: string): Promise<Wire<"Assignment">> {
  try {
    return await api.assign(campaign.id, key);
  } catch (error) {
    if (asProblem(error).status !== 409) throw error;
    const open = (await api.me()).open_assignment_id;
    if (open === null) throw error;
    const left = await api.readAssignment(open);
    if (left.campaign === campaign.id && left.champion_cid === campaign.champion_cid) return left;
    await api.cancelAssignment(open);
    return api.assign(campaign.id, key);
  }
}
