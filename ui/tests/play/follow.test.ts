import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { Wire } from "../../src/lib/api";
import { Problem } from "../../src/lib/problem";
import { stubStorage } from "../storage";

const submit = vi.fn<(assignment: string, body: Wire<"AttemptCreate">) => Promise<Wire<"AttemptAccepted">>>();
const read = vi.fn<(attempt: string) => Promise<Wire<"Attempt">>>();
const told = vi.hoisted(() => ({ of: new Set<() => void>() }));
vi.mock("../../src/lib/api", () => ({ api: { submit, attempt: read } }));
vi.mock("../../src/lib/session.svelte", () => ({ session: { load: vi.fn() } }));
vi.mock("../../src/lib/events", () => ({
  events: {
    on: (_: string[], listener: () => void) => {
      told.of.add(listener);
      return () => told.of.delete(listener);
    },
  },
}));
const { Followed } = await import("../../src/play/follow.svelte");
const { attempts } = await import("../../src/play/outbox");

const body = { ticks: 1 } as unknown as Wire<"AttemptCreate">;
const accepted = { attempt_id: "att_1" } as Wire<"AttemptAccepted">;
const attempt = (status: string): Wire<"Attempt"> => ({ id: "att_1", status }) as unknown as Wire<"Attempt">;
const problem = (status: number, retryAfter_s: number | null = null): Problem =>
  new Problem(status, "no", "no", "no", null, null, retryAfter_s);

describe("an attempt on its way", () => {
  beforeEach(() => {
    vi.useFakeTimers();
    stubStorage();
    told.of.clear();
    submit.mockReset();
    read.mockReset().mockResolvedValue(attempt("judged"));
  });

  afterEach(() => {
    vi.useRealTimers();
    vi.unstubAllGlobals();
  });

  const settle = async (): Promise<void> => void (await vi.advanceTimersByTimeAsync(0));
  const long = async (): Promise<void> => void (await vi.advanceTimersByTimeAsync(600_000));

  it.each([
    [0, "offline"],
    [503, "offline"],
    [401, "delayed"],
    [429, "delayed"],
  ])("is kept when the answer is %i, and sent later", async (status, phase) => {
    submit.mockRejectedValueOnce(problem(status)).mockResolvedValueOnce(accepted);
    const followed = new Followed("asg_1", body);
    await settle();
    expect([followed.phase, followed.problem, attempts.kept().length]).toEqual([phase, null, 1]);
    await long();
    expect([followed.phase, followed.attempt?.status, attempts.kept()]).toEqual(["sent", "judged", []]);
    expect(submit).toHaveBeenCalledTimes(2);
  });

  it("waits as long as the server says", async () => {
    submit.mockRejectedValueOnce(problem(429, 30)).mockResolvedValueOnce(accepted);
    new Followed("asg_1", body);
    await vi.advanceTimersByTimeAsync(29_000);
    expect(submit).toHaveBeenCalledTimes(1);
    await vi.advanceTimersByTimeAsync(2000);
    expect(submit).toHaveBeenCalledTimes(2);
  });

  it("is given up with the server's word when it comes after its expiry", async () => {
    submit.mockRejectedValueOnce(problem(0)).mockRejectedValueOnce(problem(409));
    const followed = new Followed("asg_1", body);
    await long();
    expect([followed.phase, followed.problem?.status, attempts.kept()]).toEqual(["sending", 409, []]);
    expect(submit).toHaveBeenCalledTimes(2);
  });

  it("is kept and left alone once closed", async () => {
    submit.mockRejectedValue(problem(0));
    const followed = new Followed("asg_1", body);
    await settle();
    await vi.advanceTimersByTimeAsync(4000);
    expect(submit).toHaveBeenCalledTimes(2);
    followed.close();
    await long();
    expect(submit).toHaveBeenCalledTimes(2);
    expect(attempts.kept().map(({ id }) => id)).toEqual(["asg_1"]);
  });

  it("is kept when the page is left before the server answers", async () => {
    let fail: (problem: Problem) => void = () => undefined;
    submit.mockReturnValueOnce(new Promise((_, reject) => (fail = reject)));
    const followed = new Followed("asg_1", body);
    followed.close();
    fail(problem(0));
    await long();
    expect(submit).toHaveBeenCalledTimes(1);
    expect(attempts.kept().length).toBe(1);
  });

  it("is not read any more once closed", async () => {
    let accept: (answer: Wire<"AttemptAccepted">) => void = () => undefined;
    submit.mockReturnValueOnce(new Promise((resolve) => (accept = resolve)));
    read.mockResolvedValue(attempt("pending"));
    const followed = new Followed("asg_1", body);
    followed.close();
    accept(accepted);
    await long();
    expect(read).not.toHaveBeenCalled();
  });

  it("keeps the newer of two readings that arrive the other way round", async () => {
    submit.mockResolvedValue(accepted);
    let late: (attempt: Wire<"Attempt">) => void = () => undefined;
    read.mockReturnValueOnce(new Promise((resolve) => (late = resolve))).mockResolvedValue(attempt("valued"));
    const followed = new Followed("asg_1", body);
    await settle();
    for (const tell of told.of) tell();
    await settle();
    late(attempt("pending"));
    await settle();
    expect(followed.attempt?.status).toBe("valued");
    followed.close();
  });

  it("forgets a failed reading once it reads well again", async () => {
    submit.mockResolvedValue(accepted);
    read.mockRejectedValueOnce(problem(429));
    const followed = new Followed("asg_1", body);
    await settle();
    expect(followed.problem?.status).toBe(429);
    await long();
    expect([followed.problem, followed.attempt?.status]).toEqual([null, "judged"]);
  });

  it("is read again when asked, also after it is judged", async () => {
    submit.mockResolvedValue(accepted);
    const followed = new Followed("asg_1", body);
    await settle();
    for (const tell of told.of) tell();
    expect(read).toHaveBeenCalledTimes(1);
    await followed.read(); // as after a dispute
    expect(read).toHaveBeenCalledTimes(2);
    followed.close();
  });
});
