import { describe, expect, it } from "vitest";
import { middle } from "./picture";

describe("the part of a picture that becomes a portrait", () => {
  it.each([
    [400, 300, { x: 50, y: 0, side: 300 }],
    [300, 401, { x: 0, y: 50, side: 300 }],
    [256, 256, { x: 0, y: 0, side: 256 }],
  ])("of %i by %i is its middle", (width, height, square) => { expect(middle(width, height)).toEqual(square); });
});
