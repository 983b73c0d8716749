import { expect, test } from "vitest";
import { attempts, connection } from "./connection";

test("one lost request is no alarm", () => {
  const one = attempts();
  one.lost();
  expect(connection.away).toBe(false);
  one.over();
});

test("a request lost twice shows the banner until it is through, whatever else is answered", () => {
  const command = attempts(), question = attempts();
  command.lost();
  question.over();
  command.lost();
  question.over();
  expect(connection.away).toBe(true);
  command.lost();
  command.over();
  expect(connection.away).toBe(false);
});
