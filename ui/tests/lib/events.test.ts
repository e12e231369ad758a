import { afterEach, beforeEach, expect, test, vi } from "vitest";

class FakeSource {
  static readonly CLOSED = 2;
  static all: FakeSource[] = [];
  readyState = 0;
  onopen: (() => void) | null = null;
  onerror: (() => void) | null = null;
  readonly #heard = new Map<string, (message: { data: string }) => void>();

  constructor(readonly url: string) {
    FakeSource.all.push(this);
  }
  addEventListener(kind: string, listener: (message: { data: string }) => void): void {
    this.#heard.set(kind, listener);
  }
  tell(kind: string, payload: object): void {
    this.#heard.get(kind)?.({ data: JSON.stringify({ seq: 1, kind, payload, created_at: "" }) });
  }
  refuse(): void {
    this.readyState = FakeSource.CLOSED;
    this.onerror?.();
  }
  close(): void {
    this.readyState = FakeSource.CLOSED;
  }
}

const source = (at: number): FakeSource => {
  const found = FakeSource.all.at(at);
  if (!found) throw new Error(`only ${FakeSource.all.length} streams were opened`);
  return found;
};

beforeEach(() => {
  vi.useFakeTimers();
  vi.resetModules();
  FakeSource.all = [];
  vi.stubGlobal("EventSource", FakeSource);
  vi.spyOn(Math, "random").mockReturnValue(0.5);
});

afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
  vi.restoreAllMocks();
});

test("one stream serves every listener, and closes with the last", async () => {
  const { events } = await import("../../src/lib/events");
  const heard: string[] = [];
  const offs = [events.on(["verdict"], (event) => heard.push(event.kind)), events.on(["verdict", "round"], (event) => heard.push(event.kind))];
  expect(FakeSource.all).toHaveLength(1);
  source(0).tell("verdict", {});
  source(0).tell("round", {});
  source(0).tell("balance", {});
  expect(heard).toEqual(["verdict", "verdict", "round"]);
  for (const off of offs) off();
  expect(source(0).readyState).toBe(FakeSource.CLOSED);
});

test("a refused stream is opened again after growing waits, a broken one is left to the browser", async () => {
  const { events } = await import("../../src/lib/events");
  events.on(["verdict"], () => undefined);
  source(0).onerror?.();
  vi.advanceTimersByTime(60_000);
  expect(FakeSource.all).toHaveLength(1);
  source(0).refuse();
  vi.advanceTimersByTime(1000);
  expect(FakeSource.all).toHaveLength(2);
  source(1).refuse();
  vi.advanceTimersByTime(1999);
  expect(FakeSource.all).toHaveLength(2);
  vi.advanceTimersByTime(1);
  expect(FakeSource.all).toHaveLength(3);
  source(2).onopen?.();
  source(2).refuse();
  vi.advanceTimersByTime(1000);
  expect(FakeSource.all).toHaveLength(4);
});

test("a changed session starts the stream anew", async () => {
  const { events } = await import("../../src/lib/events");
  events.restart();
  expect(FakeSource.all).toHaveLength(0);
  events.on(["balance"], () => undefined);
  events.restart();
  expect(source(0).readyState).toBe(FakeSource.CLOSED);
  expect(FakeSource.all).toHaveLength(2);
});

test("the first greeting is nobody's news, a later one follows a gap", async () => {
  const { events } = await import("../../src/lib/events");
  let greeted = 0;
  const off = events.on(["hello"], () => void greeted++);
  source(0).tell("hello", {});
  expect(greeted).toBe(0);
  source(0).onerror?.(); // the browser resumes, from where the server cannot go on
  source(0).tell("hello", {});
  expect(greeted).toBe(1);
  events.restart();
  source(1).tell("hello", {});
  expect(greeted).toBe(2);
  off();
  events.on(["hello"], () => void greeted++);
  source(2).refuse(); // before it said anything
  vi.advanceTimersByTime(1000);
  source(3).tell("hello", {});
  expect(greeted).toBe(3);
});

test("what is shown is read again after a gap", async () => {
  vi.doMock("svelte", () => ({ onDestroy: () => undefined }));
  const { Resource } = await import("../../src/lib/resource.svelte");
  const read = vi.fn(() => Promise.resolve(1));
  new Resource(read, ["verdict"]);
  source(0).tell("hello", {});
  await vi.runAllTimersAsync();
  expect(read).toHaveBeenCalledTimes(1);
  source(0).tell("hello", {});
  await vi.runAllTimersAsync();
  expect(read).toHaveBeenCalledTimes(2);
  vi.doUnmock("svelte");
});
