import { beforeEach, describe, expect, it, vi } from "vitest";
import { Outbox } from "../../src/lib/outbox";
import { Problem } from "../../src/lib/problem";
import { stubStorage } from "../storage";

interface Body {
  moves: string;
}

const send = vi.fn<(id: string, body: Body) => Promise<string>>();
const problem = (status: number): Problem => new Problem(status, "no", "no", "no");
const body = { moves: "SR" };

describe("the outbox", () => {
  let outbox: Outbox<Body, string>;
  let stored: Map<string, string>;

  beforeEach(() => {
    stored = stubStorage();
    send.mockReset();
    outbox = new Outbox("box", send);
  });

  it("keeps a thing once, as it was last, and sends it", async () => {
    outbox.keep("a", { moves: "S" });
    outbox.keep("a", body);
    expect(outbox.kept()).toEqual([{ id: "a", body }]);
    send.mockResolvedValue("stored");
    expect((await outbox.flush()).answers).toEqual(new Map([["a", "stored"]]));
    expect(send).toHaveBeenCalledExactlyOnceWith("a", body);
    expect(outbox.kept()).toEqual([]);
  });

  it("is read by the page that comes next", () => {
    outbox.keep("a", body);
    expect(new Outbox("box", send).kept()).toEqual([{ id: "a", body }]);
    expect(new Outbox("other", send).kept()).toEqual([]);
  });

  it.each([0, 401, 429, 503])("keeps it while the answer is %i", async (status) => {
    outbox.keep("a", body);
    outbox.keep("b", body);
    send.mockRejectedValue(problem(status));
    const { answers, waiting } = await outbox.flush();
    expect([answers.size, waiting?.status]).toEqual([0, status]);
    expect(outbox.kept().length).toBe(2);
    expect(send).toHaveBeenCalledTimes(1);
  });

  it("drops what is refused for good, says so, and goes on with the next", async () => {
    outbox.keep("a", body);
    outbox.keep("b", body);
    send.mockRejectedValueOnce(problem(409)).mockResolvedValueOnce("stored");
    const { answers, refused } = await outbox.flush();
    expect(answers).toEqual(new Map([["b", "stored"]]));
    expect(refused.get("a")?.status).toBe(409);
    expect(outbox.kept()).toEqual([]);
  });

  it("reads damaged storage as empty", () => {
    stored.set("box", "{");
    expect(outbox.kept()).toEqual([]);
  });

  it("keeps things for the visit where the browser refuses storage", async () => {
    vi.stubGlobal("localStorage", {
      getItem: () => null,
      setItem: () => {
        throw new Error("full");
      },
    });
    outbox.keep("a", body);
    expect(outbox.kept()).toEqual([{ id: "a", body }]);
    outbox.drop("a");
    expect(outbox.kept()).toEqual([]);
  });
});
