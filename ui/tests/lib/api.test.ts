import { afterEach, expect, test, vi } from "vitest";
import { api } from "../../src/lib/api";

afterEach(() => vi.unstubAllGlobals());

function answering(response: () => Response | Promise<Response>): { url: string; init: RequestInit }[] {
  const asked: { url: string; init: RequestInit }[] = [];
  vi.stubGlobal("fetch", (url: string, init: RequestInit) => {
    asked.push({ url, init });
    return Promise.resolve(response());
  });
  return asked;
}

test("an assignment carries its idempotency key, and ids cannot leave their place in the address", async () => {
  const asked = answering(() => Response.json({ id: "asg_1" }, { status: 201 }));
  await expect(api.assign("a/../b", "key-1")).resolves.toEqual({ id: "asg_1" });
  expect(asked[0]?.url).toBe("/api/campaigns/a%2F..%2Fb/assignments");
  expect(asked[0]?.init).toMatchObject({ method: "POST", credentials: "same-origin", headers: { "Idempotency-Key": "key-1" } });
});

test("consent is said with the session, a name only when there is one", async () => {
  const asked = answering(() => Response.json({}));
  await api.startSession();
  await api.startSession("Ada");
  expect(asked.map(({ init }) => JSON.parse(String(init.body)) as unknown)).toEqual([{ consent: true }, { consent: true, name: "Ada" }]);
});

test("an empty answer is nothing, bytes are bytes", async () => {
  answering(() => new Response(null, { status: 204 }));
  await expect(api.unban("token", "plr_1")).resolves.toBeUndefined();
  answering(() => new Response(new Uint8Array([255, 1])));
  await expect(api.grid("gen-1")).resolves.toEqual(new Int8Array([-1, 1]));
});

test("a token is sent only when there is one", async () => {
  const asked = answering(() => Response.json({}));
  await api.overview("secret");
  await api.overview("");
  expect(asked.map(({ init }) => new Headers(init.headers).get("authorization"))).toEqual(["Bearer secret", null]);
});

test("every failure is a Problem", async () => {
  vi.stubGlobal("fetch", () => Promise.reject(new TypeError("Failed to fetch")));
  await expect(api.me()).rejects.toMatchObject({ name: "Problem", code: "offline", status: 0 });
  answering(() => Response.json({ detail: "No.", code: "busy", retry_after_s: 4 }, { status: 503 }));
  await expect(api.me()).rejects.toMatchObject({ name: "Problem", code: "busy", retryAfter_s: 4 });
});
