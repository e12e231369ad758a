import { expect, test } from "vitest";
import { silhouette } from "../../src/lib/silhouette";

test("the road fits its box with room for its own width, and y points up", () => {
  const drawn = silhouette(
    [
      [1, 1],
      [4, 1],
      [4, 2],
    ],
    0.5,
  );
  expect(drawn).toEqual({ path: "M1.00 -1.00L4.00 -1.00L4.00 -2.00Z", viewBox: "-0.50 -3.50 6.00 4.00", width: 1 });
});
