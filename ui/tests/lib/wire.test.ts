import { readFileSync } from "node:fs";
import openapiTS, { astToString } from "openapi-typescript";
import { expect, test } from "vitest";

test("wire.ts is what openapi.json says; `npm run types` makes it so", async () => {
  const nodes = await openapiTS(new URL("../../openapi.json", import.meta.url));
  const checkedIn = readFileSync(new URL("../../src/lib/wire.ts", import.meta.url), "utf8");
  expect(checkedIn.endsWith(astToString(nodes))).toBe(true);
}, 60_000);
