import { existsSync } from "node:fs";
import { expect, test } from "vitest";
import { routeOf } from "../../src/lib/routes";

test.each([
  ["/", "Home", {}],
  ["/campaigns/new", "NewCampaign", {}],
  ["/campaigns/crowd-circuit", "Campaign", { campaign: "crowd-circuit" }],
  ["/campaigns/crowd-circuit/", "Campaign", { campaign: "crowd-circuit" }],
  ["/play/a%20b", "Play", { campaign: "a b" }],
  ["/watch/x", "Watch", { campaign: "x" }],
  ["/league/race_1/drive", "DriveRace", { race: "race_1" }],
  ["/verdicts/vrd_1", "Verdict", { verdict: "vrd_1" }],
  ["/play/", "NotFound", {}],
  ["/play/%E0%A4%A", "NotFound", {}],
  ["/nothing/here", "NotFound", {}],
])("%s leads to %s", (path, page, params) => {
  expect(routeOf(path)).toMatchObject({ page, params });
  expect(existsSync(new URL(`../../src/pages/${page}.svelte`, import.meta.url))).toBe(true);
});

test("driving and watching take the whole window", () => {
  expect(routeOf("/play/x").full).toBe(true);
  expect(routeOf("/league/x/drive").full).toBe(true);
  expect(routeOf("/").full).toBe(false);
});
