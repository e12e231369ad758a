import { expect, test } from "vitest";
import { asProblem, Problem, problemOf } from "../../src/lib/problem";

const answer = (status: number, body: unknown, headers: Record<string, string> = {}): Response =>
  new Response(JSON.stringify(body), { status, headers: { "content-type": "application/problem+json", ...headers } });

test("a problem document becomes a sentence, a remedy, a field and a code", async () => {
  const body = { type: "/problems/not_enough_credits", title: "Conflict", detail: "The wallet holds 1.00 cr.", code: "not_enough_credits", field: "amount_micro", remedy: "Choose less." };
  const problem = await problemOf(answer(409, body));
  expect(problem).toMatchObject({ status: 409, detail: "The wallet holds 1.00 cr.", code: "not_enough_credits", field: "amount_micro", remedy: "Choose less.", retryAfter_s: null });
});

test("when again comes from the header or the document", async () => {
  expect((await problemOf(answer(503, {}, { "retry-after": "12" }))).retryAfter_s).toBe(12);
  expect((await problemOf(answer(429, { retry_after_s: 3 }))).retryAfter_s).toBe(3);
});

test("an answer that is no problem document still has a code", async () => {
  const problem = await problemOf(new Response("<h1>Bad gateway</h1>", { status: 502, headers: { "content-type": "text/html" } }));
  expect(problem).toMatchObject({ status: 502, code: "http-502" });
  expect(problem.detail).not.toBe("");
});

test("what fetch throws means offline, anything else is the page's own mistake", () => {
  expect(asProblem(new TypeError("Failed to fetch")).offline).toBe(true);
  expect(asProblem(new Error("x")).code).toBe("page-error");
  const given = new Problem(404, "a", "b", "c");
  expect(asProblem(given)).toBe(given);
});
