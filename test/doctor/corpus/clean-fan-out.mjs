// Jobs that fan out to twelve calls, four at a time by p-limit, with recursion and a nested unit.
import { context } from "@opentelemetry/api";

import { bridge, end, job, load, query, require, serve, span } from "./kit.mjs";

const { default: pLimit } = require("p-limit");

function walk(depth, id) {
  return span(`walk ${depth}`, async () => {
    await query("node", id);
    if (depth > 0) await walk(depth - 1, id);
  });
}

await load((id) =>
  job("fan out", async () => {
    bridge.setUser({ id });
    const limit = pLimit(4);
    await Promise.all(
      Array.from({ length: 12 }, (_, call) => limit(() => query(`call ${call}`, id))),
    );
    await walk(4, id);
    await context.with(bridge.forkIsolation(), () => span("nested unit", () => serve(id)));
  }),
);
await end();
