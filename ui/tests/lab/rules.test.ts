import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { ARCADE, faults, rulesOf, STRETCH, whole } from "../../src/lab/rules";
import { ARCADE as SIMULATED } from "../../src/sim/snake";

const good = { name: "Walls", wanted: 500, board: { ...ARCADE } };

describe("what an experiment may be", () => {
  it("names the server's length of a takeover", () => {
    const leads = readFileSync(new URL("../../../src/manyhands/envs/snake/leads.py", import.meta.url), "utf8");
    expect(leads).toContain(`\nSTRETCH = ${STRETCH}\n`);
  });

  it("has the simulator's preset", () => expect(rulesOf(ARCADE)).toEqual(SIMULATED));

  it("finds no fault with the defaults", () => expect(Object.values(faults(good)).filter(Boolean)).toEqual([]));

  it.each([99, 5001, null])("says in words that %s observations are none to collect", (wanted) => {
    expect(faults({ ...good, wanted }).wanted).toBe("A whole number from 100 to 5000.");
  });

  it("names the field of the board", () => {
    const found = faults({ ...good, board: { width: 6, height: 65, start_length: 4, cap: null } });
    expect(Object.entries(found).filter(([, fault]) => fault).map(([field]) => field)).toEqual(["board.height", "board.start_length", "board.cap"]);
    expect(found["board.start_length"]).toBe("At most 3 cells fit on this width.");
  });

  it("wants a name without brackets", () => {
    expect(faults({ ...good, name: "  " }).name).not.toBeNull();
    expect(faults({ ...good, name: "<b>" }).name).toBe("No angle brackets.");
  });

  it.each([["12", 12], [" 7 ", 7], ["1.5", null], ["-3", null], ["", null], ["1e3", null]])("reads %j as %s", (typed, number) => expect(whole(typed)).toBe(number));
});
