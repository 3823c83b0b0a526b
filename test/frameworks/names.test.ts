import { describe, expect, it } from "vitest";

import { startApp } from "./app.js";
import type { Framework } from "./app.js";

describe.each<Framework>(["express", "fastify"])("of an application of %s", (framework) => {
  it("errors captured in a handler and transactions have the handler's route", async () => {
    const app = await startApp(framework);
    const { errors, transactions } = await app.ask("/router/users/7", ["a", "b", "c"]);
    await app.stop();
    const name = "GET /router/users/:user";
    expect(errors.map(({ transaction }) => transaction)).toEqual([name, name, name]);
    expect(transactions.map(({ transaction }) => transaction)).toEqual([name, name, name]);
    expect(transactions[0]?.transaction_info).toEqual({ source: "route" });
  });

  it("a request without a route is named by its path", async () => {
    const app = await startApp(framework);
    const { transactions } = await app.ask("/nothing/7", ["a"]);
    await app.stop();
    expect(transactions[0]).toMatchObject({
      transaction: "GET /nothing/7",
      transaction_info: { source: "url" },
    });
  });
});
