// instrumentations:
import cron from "node-cron";
import { instrumentNodeCron } from "otel-sentry-bridge";

import { all, end, work } from "../kit.mjs";

const scheduler = instrumentNodeCron(cron);
const tasks = [];
await all(async (unit) => {
  const options = { name: `unit-${unit}`, scheduled: false };
  const task = scheduler.schedule("0 3 * * *", () => work(unit), options);
  tasks.push(task);
  await task.execute().catch(() => {});
});
await Promise.all(tasks.map((task) => task.destroy()));
await end();
