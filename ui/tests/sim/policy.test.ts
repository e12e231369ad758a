import { describe, expect, it } from "vitest";
import { Policy } from "../../src/sim/policy";
import { readTensors } from "../../src/sim/safetensors";
import { bytes, vectors } from "./vectors";

interface Case {
  policy: string;
  observations: { vector: number[]; image?: string; outputs: number[]; action: number[] }[];
}

const { cases } = vectors<{ cases: Case[] }>("network");
const file = (one: Case): ArrayBuffer => bytes(one.policy).slice().buffer;

describe("a policy", () => {
  it.each(cases.map((one, number) => ({ number, one })))("computes what Python computes, case $number", ({ one }) => {
    const policy = new Policy(file(one));
    for (const seen of one.observations) {
      const action = policy.act(Float32Array.from(seen.vector), seen.image ? bytes(seen.image) : null);
      seen.outputs.forEach((output, i) => expect(Math.abs(policy.outputs[i]! - output)).toBeLessThan(1e-4));
      seen.action.forEach((output, i) => expect(Math.abs(action[i]! - output)).toBeLessThan(1e-4));
    }
  });

  it("says which sensor it looks through", () => {
    expect(cases.map((one) => new Policy(file(one)).sensor.kind)).toEqual(["lidar", "lidar", "camera", "lidar", "sector-lidar", "stereo"]);
  });

  it("refuses a file that is cut short", () => {
    expect(() => readTensors(file(cases[0]!).slice(0, 2000))).toThrow(/cut short/);
    expect(() => readTensors(new ArrayBuffer(3))).toThrow(/cut short/);
  });
});
