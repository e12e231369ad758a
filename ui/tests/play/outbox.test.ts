import { beforeEach, describe, expect, it, vi } from "vitest";
import { Problem } from "../../src/lib/problem";

const submit = vi.fn();
vi.mock("../../src/lib/api", () => ({ api: { submit } }));
const { flush, keep, kept } = await import("../../src/play/outbox");

const body = { ticks: 1, actions: "AAA=", actors: "AA==", final: { x: 1 } };
const problem = (status: number): Problem => new Problem(status, "no", "no", "no");

describe("the outbox", () => {
  beforeEach(() => {
    const stored = new Map<string, string>();
    vi.stubGlobal("localStorage", {
      getItem: (key: string) => stored.get(key) ?? null,
      setItem: (key: string, value: string) => stored.set(key, value),
      removeItem: (key: string) => stored.delete(key),
    });
    submit.mockReset();
  });

  it("keeps an attempt once and sends it", async () => {
    keep("asg_1", body);
    keep("asg_1", body);
    expect(kept().length).toBe(1);
    submit.mockResolvedValue({ attempt_id: "att_1" });
    expect(await flush()).toEqual(new Map([["asg_1", "att_1"]]));
    expect(kept()).toEqual([]);
  });

  it.each([0, 503, 429])("keeps it while the answer is %i", async (status) => {
    keep("asg_1", body);
    submit.mockRejectedValue(problem(status));
    expect((await flush()).size).toBe(0);
    expect(kept().length).toBe(1);
  });

  it("drops what is refused for good and goes on with the next", async () => {
    keep("asg_1", body);
    keep("asg_2", body);
    submit.mockRejectedValueOnce(problem(409)).mockResolvedValueOnce({ attempt_id: "att_2" });
    expect(await flush()).toEqual(new Map([["asg_2", "att_2"]]));
    expect(kept()).toEqual([]);
  });

  it("reads damaged storage as empty", () => {
    localStorage.setItem("manyhands.outbox", "{");
    expect(kept()).toEqual([]);
  });
});
