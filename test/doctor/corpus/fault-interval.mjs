// The first request starts an interval, which runs in its context for ever.
import { setTimeout as sleep } from "node:timers/promises";

import { end, job, load, query, serve } from "./kit.mjs";

let interval;
await load((id) =>
  job("order", async () => {
    interval ??= setInterval(() => void query("refresh", "1"), 20);
    await serve(id);
  }),
);
await sleep(1000);
clearInterval(interval);
// The last query ends.
await sleep(100);
await end();
