/** Getting something to play: a fresh assignment, or the one that is still open after a reload. */
import { api, type Wire } from "../lib/api";
import { asProblem } from "../lib/problem";

type Assignment = Wire<"Assignment">;

/**
 * Throws Problem.
 * @param open assignment known to be left open: played on in its campaign, given back where another one is wanted
 */
export async function acquire(campaign: Wire<"Campaign">, key: string, open: string | null): Promise<Assignment> {
  const left = open === null ? null : await takeUp(campaign, open);
  if (left) return left;
  try {
    return await api.assign(campaign.id, key);
  } catch (error) {
    if (asProblem(error).status !== 409) throw error;
    const other = (await api.me()).open_assignment_id; // of another window
    if (other === null) throw error;
    return (await takeUp(campaign, other)) ?? api.assign(campaign.id, key);
  }
}

async function takeUp(campaign: Wire<"Campaign">, open: string): Promise<Assignment | null> {
  const left = await api.readAssignment(open);
  if (left.campaign === campaign.id && left.champion_cid === campaign.champion_cid) return left;
  await api.cancelAssignment(open);
  return null;
}
