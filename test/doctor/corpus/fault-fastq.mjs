// The worker of a fastq runs every job in the context of whoever pushed first.
import { end, job, load, query, require } from "./kit.mjs";

const fastq = require("fastq");

const queue = fastq.promise((id) => query("stock", id), 2);
await load((id) => job("order", () => queue.push(id)));
await end();
