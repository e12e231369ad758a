import { describe, expect, it } from "vitest";
import { checked, ending, HYPER, isActive, lapTime, sensorName, share, standing, stepsPerSecond, where } from "../../src/garage/words";
import { OPTIONS } from "./samples";

const plain = (text: string): string => text.replaceAll("\u00a0", " ");

describe("times", () => {
  it.each([[null, "none"], [21_685, "21.685 s"], [62_045, "1:02.045"], [119_999, "1:59.999"]])("of a lap: %o", (ms, text) => expect(plain(lapTime(ms))).toBe(text));
});

describe("a run stands", () => {
  const run = { progress: 0.254, note: "training", faults: [] };
  it.each([
    ["queued", "Training"],
    ["running", "25 % of its time · Training"],
    ["done", "Done."],
    ["cancelled", "Cancelled at 25 %."],
    ["failed", "Training"],
  ] as const)("%s", (state, text) => expect(plain(standing({ ...run, state }))).toBe(text));

  it("with words of its own where there is no note", () => {
    expect(standing({ ...run, state: "queued", note: "" })).toBe("Waiting for its turn.");
    expect(standing({ ...run, state: "failed", note: "", faults: [{ line: 3, message: "no" }] })).toBe("The reward function ended it.");
    expect([isActive({ state: "queued" }), isActive({ state: "failed" })]).toEqual([true, false]);
  });
});

describe("a check", () => {
  const fault = { line: 2, message: "IndexError", races: ["objects"], states: ["first step"] };
  const fine = { ok: true, time_trial: true, objects: true, faults: [], warnings: [], call_us: 3.21, printed: [] };

  it.each([
    [fine, "good", "It can be trained with, and DeepRacer's own validator would take it. A call takes 3.2 µs."],
    [{ ...fine, call_us: 128.4, warnings: [{ line: 1, message: "import" }] }, "good", "It can be trained with. DeepRacer's own validator would object. A call takes 128 µs."],
    [{ ...fine, ok: false, objects: false, faults: [fault], call_us: null }, "good", "It can be trained with. Boxes on the track would stop it."],
    [{ ...fine, ok: false, time_trial: false, faults: [fault, { ...fault, races: [] }] }, "bad", "1 fault to mend before it can be trained with."],
  ])("is told in a sentence, case %#", (check, tone, sentence) => {
    const said = checked(check);
    expect([said.tone, plain(said.sentence)]).toEqual([tone, sentence]);
  });

  it("says where a fault showed", () => {
    expect(where(fault)).toBe("With boxes on the track, at first step.");
    expect(where({ ...fault, races: ["time_trial", "objects"], states: ["a", "b", "c", "d", "e"] })).toBe("At a, b, c and 2 more places.");
    expect(where({ ...fault, races: [], states: [] })).toBe("");
  });
});

describe("words", () => {
  it("say how an episode ended", () => {
    expect(plain(ending("lap_complete", 1, 21_685))).toBe("A lap in 21.685 s");
    expect(plain(ending("off_track", 0.4321, null))).toBe("Off the track after 43.2 % of the lap");
  });
  it("name sensors", () => expect(["lidar", "camera-48x32"].map((sensor) => plain(sensorName(sensor)))).toEqual(["Lidar", "Camera 48 × 32"]));
  it("have a sentence for each hyperparameter", () => {
    const names = new Set(OPTIONS.algorithms.flatMap(({ hyperparameters }) => Object.keys(hyperparameters)));
    expect(Object.keys(HYPER).sort()).toEqual([...names].sort());
  });
  it("leave out what is not known", () => {
    expect(share(null)).toBe("–");
    expect(stepsPerSecond({ steps: 10, seconds: 0 })).toBe("–");
  });
});
