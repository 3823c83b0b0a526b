// A job's work waits in one p-queue: it runs in the context of the task that finished before it.
import { end, job, load, query, require } from "./kit.mjs";

const { default: PQueue } = require("p-queue");

const queue = new PQueue({ concurrency: 2 });
await load((id) => job("order", () => queue.add(() => query("stock", id))));
await end();
