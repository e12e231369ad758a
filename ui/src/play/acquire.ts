/** Getting something to play: a fresh assignment, or the one that is still open after a reload. */
import { api, type Wire } from "../lib/api";
import { asProblem } from "../lib/problem";

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
