// The worker of an `async.queue` runs every job in the context of whoever pushed first.
import { end, job, load, query, require } from "./kit.mjs";

const { queue } = require("async");

const stock = queue(async (id) => query("stock", id), 2);
await load((id) => job("order", () => stock.pushAsync(id)));
await end();
