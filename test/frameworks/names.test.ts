import { afterAll, beforeAll, describe, expect, it } from "vitest";

import { startApps } from "./app.js";
import type { Apps, Framework } from "./app.js";

const FRAMEWORKS: readonly Framework[] = ["express", "fastify"];

let apps: Apps;

beforeAll(async () => {
  apps = await startApps(FRAMEWORKS);
});

afterAll(() => apps.stop());

describe.each(FRAMEWORKS)("of an application of %s", (framework) => {
  it("errors captured in a handler and transactions have the handler's route", async () => {
    const { errors, transactions } = await apps
      .of(framework)
      .ask("/router/users/7", ["a", "b", "c"]);
    const name = "GET /router/users/:user";
    expect(errors.map(({ transaction }) => transaction)).toEqual([name, name, name]);
    expect(transactions.map(({ transaction }) => transaction)).toEqual([name, name, name]);
    expect(transactions[0]?.transaction_info).toEqual({ source: "route" });
  });

  it("a request without a route is named by its path", async () => {
    const { transactions } = await apps.of(framework).ask("/nothing/7", ["a"]);
    expect(transactions[0]).toMatchObject({
      transaction: "GET /nothing/7",
      transaction_info: { source: "url" },
    });
  });
});
