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

  it("trusts an old answer less, and none that came before it was asked for", () => {
    const clock = new ServerClock();
    clock.heard(1000, 1010, 1005);
    clock.heard(3_601_000, 3_601_100, 3_602_050);
    expect(clock.at(3_602_000)).toBe(3_603_000);
    clock.heard(3_700_000, 3_699_000, 0);
    expect(clock.at(3_702_000)).toBe(3_703_000);
  });
});
