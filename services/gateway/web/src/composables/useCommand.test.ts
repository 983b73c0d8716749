// @vitest-environment happy-dom
import { describe, expect, it, vi } from "vitest";
import { Problem } from "@/api/problem";
import { useCommand } from "./useCommand";

vi.mock("element-plus/es/components/message/index", () => ({ ElMessage: vi.fn() }));
vi.mock("element-plus/es/components/message/style/css", () => ({}));

/** A command that answers with what it is told to, and the keys it was given. */
function commanded(...answers: (Error | string)[]) {
  const keys: string[] = [];
  const command = useCommand(async (key: string, _said: string) => {
    keys.push(key);
    const answer = answers.shift();
    if (answer instanceof Error) throw answer;
    return answer;
  });
  return { command, keys };
}

describe("the idempotency key of a command", () => {
  it("stays the same while no answer came", async () => {
    const { command, keys } = commanded(new TypeError("unreachable"), new Problem(503, "AWAY", ""), "done");
    for (const _ of [1, 2, 3]) await command.run("order");
    expect(new Set(keys).size).toBe(1);
  });
  it("is fresh after success, after a refusal, and for other words", async () => {
    const { command, keys } = commanded("done", new Problem(422, "INVALID", ""), "done", new TypeError("unreachable"), "done");
    for (const said of ["a", "a", "a", "b", "c"]) await command.run(said);
    expect(new Set(keys).size).toBe(5);
  });
  it("runs once however often the button is pressed", async () => {
    const { command, keys } = commanded("done");
    await Promise.all([command.run("a"), command.run("a"), command.run("a")]);
    expect(keys).toHaveLength(1);
  });
});
