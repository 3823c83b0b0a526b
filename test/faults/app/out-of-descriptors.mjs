// An application whose descriptors are used up while it captures its first errors. Prints its stats.
import { closeSync, openSync } from "node:fs";
import { createRequire } from "node:module";
import { setTimeout as delay } from "node:timers/promises";

const { FORMAT, ENTRY, OPTIONS } = process.env;
const bridge = FORMAT === "esm" ? await import(ENTRY) : createRequire(import.meta.url)(ENTRY);
const { captureMessage, createClient } = bridge;

// Creating it loads most of the package.
const client = createClient(JSON.parse(OPTIONS));
const held = [];
try {
  for (;;) held.push(openSync("/dev/null", "r"));
} catch (error) {
  if (error.code !== "EMFILE") throw error;
}
for (let count = 0; count < 10; count += 1) captureMessage(`short ${count}`);
for (let round = 0; round < 50; round += 1) {
  await delay(2);
  captureMessage(`short in round ${round}`);
}
for (const descriptor of held) closeSync(descriptor);
const isFlushed = await client.flush(20_000);
process.stdout.write(JSON.stringify({ isFlushed, ...client.stats().errors }));
