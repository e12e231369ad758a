import { describe, expect, it } from "vitest";
import { duration, ending, HYPER, isActive, lapTime, sensorName, share, standing, stepsPerSecond } from "../../src/garage/words";
import { OPTIONS } from "./samples";

const plain = (text: string): string => text.replaceAll("\u00a0", " ");

describe("times", () => {
  it.each([[null, "none"], [21_685, "21.685 s"], [62_045, "1:02.045"], [119_999, "1:59.999"]])("of a lap: %o", (ms, text) => expect(plain(lapTime(ms))).toBe(text));
  it.each([[0, "0 s"], [59.7, "1 min 0 s"], [245, "4 min 5 s"], [7400, "2 h 3 min"]])("of a training: %o", (s, text) => expect(plain(duration(s))).toBe(text));
});

describe("a run stands", () => {
  const run = { progress: 0.254, note: "training", fault: null };
  it.each([
    ["queued", "Training"],
    ["running", "25 % of its time · Training"],
    ["done", "Done."],
    ["cancelled", "Cancelled at 25 %."],
    ["failed", "Training"],
  ] as const)("%s", (state, text) => expect(plain(standing({ ...run, state }))).toBe(text));

  it("with words of its own where there is no note", () => {
    expect(standing({ ...run, state: "queued", note: "" })).toBe("Waiting for its turn.");
    expect(standing({ ...run, state: "failed", note: "", fault: { line: 3, kind: "raises", message: "no" } })).toBe("The reward function ended it.");
    expect([isActive({ state: "queued" }), isActive({ state: "failed" })]).toEqual([true, false]);
  });
});

describe("words", () => {
  it("say how an episode ended", () => {
    expect(plain(ending("lap_complete", 1, 21_685))).toBe("A lap in 21.685 s");
    expect(plain(ending("off_track", 0.4321, null))).toBe("Off the track after 43.2 % of the lap");
  });
  it("name sensors", () => expect(["lidar", "camera-48x32"].map((sensor) => plain(sensorName(sensor)))).toEqual(["Lidar", "Camera 48 × 32"]));
  it("have a sentence for each hyperparameter", () => expect(Object.keys(HYPER).sort()).toEqual(Object.keys(OPTIONS.hyperparameters).sort()));
  it("leave out what is not known", () => {
    expect(share(null)).toBe("–");
    expect(stepsPerSecond({ steps: 10, seconds: 0 })).toBe("–");
  });
});
