// Jobs that load through one DataLoader. Its batches belong to no job: they run under a context of their own.
import { ROOT_CONTEXT, context } from "@opentelemetry/api";

import { bridge, end, job, load, query, require } from "./kit.mjs";

const DataLoader = require("dataloader");

const loader = new DataLoader(
  (keys) =>
    context.with(bridge.forkIsolation(ROOT_CONTEXT), async () => {
      await query("batch", keys[0]);
      return keys;
    }),
  { cache: false, batchScheduleFn: (run) => setTimeout(run, 1) },
);

await load((id) =>
  job("load", async () => {
    bridge.setUser({ id });
    await Promise.all([loader.load(id), loader.load(id + 1)]);
    await query("after", id);
  }),
);
await end();
