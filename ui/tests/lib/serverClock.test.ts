import { describe, expect, it } from "vitest";
import { ServerClock } from "../../src/lib/serverClock";

describe("the server's clock", () => {
  it("is the page's until an answer came", () => expect(new ServerClock().at(1000)).toBe(1000));

  it("is taken for read halfway through the answer", () => {
    const clock = new ServerClock();
    clock.heard(1000, 1200, 5100);
    expect(clock.at(1100)).toBe(5100);
    expect(clock.at(2000)).toBe(6000);
  });

  it("follows the quickest answer", () => {
    const clock = new ServerClock();
    clock.heard(1000, 1100, 1050);
    clock.heard(2000, 2900, 5000);
    expect(clock.at(3000)).toBe(3000);
    clock.heard(4000, 4010, 4025);
    expect(clock.at(5000)).toBe(5020);
  });
});
