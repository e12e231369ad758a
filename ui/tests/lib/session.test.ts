import { beforeEach, describe, expect, it, vi } from "vitest";
import type { Wire } from "../../src/lib/api";
import type { Problem } from "../../src/lib/problem";
import { stubStorage } from "../storage";

type Me = Wire<"Me">;
const me = vi.fn<() => Promise<Me>>();
const recover = vi.fn<() => Promise<Me>>();
vi.mock("../../src/lib/api", () => ({ api: { me, recover } }));
vi.mock("../../src/lib/events", () => ({ events: { on: vi.fn(), restart: vi.fn() } }));

const player = (id: string, balance_micro = 0): Me => ({ id, balance_micro }) as Me;

/** A request that is answered when the test says so. */
function held(): { promise: Promise<Me>; answer: (me: Me) => void; refuse: (problem: Problem) => void } {
  let [answer, refuse]: [(me: Me) => void, (problem: Problem) => void] = [() => undefined, () => undefined];
  const promise = new Promise<Me>((resolve, reject) => ([answer, refuse] = [resolve, reject]));
  return { promise, answer, refuse };
}

describe("who is at the page", () => {
  const stored = stubStorage();
  let session: (typeof import("../../src/lib/session.svelte"))["session"];
  let nobody: Problem;

  beforeEach(async () => {
    stored.clear();
    stored.set("manyhands.player", "old");
    me.mockReset();
    vi.resetModules();
    ({ session } = await import("../../src/lib/session.svelte"));
    const problems = await import("../../src/lib/problem"); // the one that the session knows
    nobody = new problems.Problem(401, "no", "no", "no");
  });

  it("is what the newest answer says, though an older one comes later", async () => {
    const [older, newer] = [held(), held()];
    me.mockReturnValueOnce(older.promise).mockReturnValueOnce(newer.promise);
    const both = [session.load(), session.load()];
    newer.answer(player("old", 2));
    await both[1];
    older.answer(player("old", 1));
    await both[0];
    expect(session.me?.balance_micro).toBe(2);
  });

  it("takes an older answer that comes first", async () => {
    const [older, newer] = [held(), held()];
    me.mockReturnValueOnce(older.promise).mockReturnValueOnce(newer.promise);
    const both = [session.load(), session.load()];
    older.answer(player("old", 1));
    await both[0];
    expect([session.state, session.me?.balance_micro]).toEqual(["player", 1]);
    newer.answer(player("old", 2));
    await both[1];
    expect(session.me?.balance_micro).toBe(2);
  });

  it.each([false, true])("stays who was recovered, though the question asked before is answered after it (401: %s)", async (none) => {
    const before = held();
    me.mockReturnValueOnce(before.promise);
    recover.mockResolvedValueOnce(player("new"));
    const asked = session.load();
    await session.recover("code");
    if (none) before.refuse(nobody);
    else before.answer(player("old"));
    await asked;
    expect([session.state, session.me?.id, stored.get("manyhands.player")]).toEqual(["player", "new", "new"]);
  });
});
