// Runs the built package against a server with random faults, and watches what it keeps.
// node scripts/soak.mjs [--minutes N] [--seed N] [--rate captures per second]
import { parseArgs } from "node:util";

import { context } from "@opentelemetry/api";
import { AsyncLocalStorageContextManager } from "@opentelemetry/context-async-hooks";

import { printRun } from "./soak/print-run.mjs";
import { SoakRun } from "./soak/soak-run.mjs";

const { values } = parseArgs({
  options: {
    minutes: { type: "string", default: "1" },
    seed: { type: "string", default: String(Math.floor(Math.random() * 2 ** 31)) },
    rate: { type: "string", default: "40" },
  },
});
const options = {
  minutes: Number(values.minutes),
  seed: Number(values.seed),
  rate: Number(values.rate),
};

console.log(`soak: ${options.minutes} minutes, --seed ${options.seed}`);
context.setGlobalContextManager(new AsyncLocalStorageContextManager());
const run = new SoakRun(options);
await run.run();
printRun(run);
console.log(`--seed ${options.seed}`);
// Not at once: what is still open would keep the process, and that would be seen.
process.exitCode = run.failures.length === 0 ? 0 : 1;
