import { beforeEach, describe, expect, it, vi } from "vitest";
import { Pages } from "../../src/lib/resource.svelte";

vi.mock("svelte", async (original) => ({ ...(await original<object>()), onDestroy: () => undefined }));

describe("a list that grows page by page", () => {
  const pages: Record<string, string[]> = {};
  const read = vi.fn(async (cursor: string | null) => ({ rows: pages[cursor ?? "first"]!, next: cursor === null ? "second" : null }));
  const settle = (): Promise<void> => new Promise((resolve) => setTimeout(resolve));

  beforeEach(() => {
    read.mockClear();
    Object.assign(pages, { first: ["d", "c"], second: ["b", "a"] });
  });

  it("follows the server's cursor to the end", async () => {
    const list = new Pages(read);
    await settle();
    expect([list.rows, list.next]).toEqual([["d", "c"], "second"]);
    await list.more();
    expect([list.rows, list.next]).toEqual([["d", "c", "b", "a"], null]);
    await list.more();
    expect(read).toHaveBeenCalledTimes(2);
  });

  it("is read again as far as it is shown, with no row twice and none left out", async () => {
    const list = new Pages(read);
    await settle();
    await list.more();
    Object.assign(pages, { first: ["e", "b"], second: ["d", "c"] });
    await list.first.load();
    expect([list.rows, list.next]).toEqual([["e", "b", "d", "c"], null]);
  });

  it("leaves out a page that was asked for before the list was read again", async () => {
    const list = new Pages(read);
    await settle();
    let late: (page: { rows: string[]; next: null }) => void = () => undefined;
    read.mockReturnValueOnce(new Promise((resolve) => (late = resolve)));
    const more = list.more();
    pages.first = ["e", "b"];
    await list.first.load();
    late({ rows: ["b", "a"], next: null });
    await more;
    expect([list.rows, list.next, list.busy]).toEqual([["e", "b"], "second", false]);
  });

  it("keeps what it has when the first page cannot be read again", async () => {
    const list = new Pages(read);
    await settle();
    await list.more();
    read.mockRejectedValueOnce(new TypeError("away"));
    await list.first.load();
    expect([list.rows, list.first.problem?.offline]).toEqual([["d", "c", "b", "a"], true]);
  });
});
