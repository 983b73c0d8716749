import { expect, test } from "vitest";
import { channelFor } from "./useOrderChannels";

const open = ["web", "email"].map((code) => ({ code, active: true, name: "" }));

test("a new order begins with the usual channel, or with the first one that takes orders", () => {
  expect(channelFor("email", open)).toBe("email");
  expect(channelFor("phone", open)).toBe("web");
  expect(channelFor("phone", [])).toBe("phone");
});
