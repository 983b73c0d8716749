import { describe, expect, it } from "vitest";
import { split } from "./parcels";

describe("tracking numbers as pasted", () => {
  it("are parted by whatever stands between, each once", () => { expect(split(" SF1，SF2\n SF1;YT3、 ")).toEqual(["SF1", "SF2", "YT3"]); });
  it("may be none", () => { expect(split("  ")).toEqual([]); });
});
