// CPU time per span above the floor, ours against the OTLP JSON exporter's, in one run.
// node bench/main.mjs [--requests N] [--rounds N]
import { fork } from "node:child_process";
import { once } from "node:events";
import { parseArgs } from "node:util";

const { values } = parseArgs({
  options: {
    requests: { type: "string", default: "20000" },
    rounds: { type: "string", default: "3" },
    "warm-up": { type: "string", default: "4000" },
  },
});

const CASES = ["floor", "otlp", "bridge"];
const path = (name) => new URL(name, import.meta.url).pathname;

async function measure(name) {
  const sink = fork(path("sink.mjs"));
  const [{ port }] = await once(sink, "message");
  const child = fork(path("case.mjs"), [name, port, values["warm-up"], values.requests]);
  const exit = once(child, "exit");
  const [result] = await Promise.race([once(child, "message"), exit]);
  if (result?.microsPerSpan === undefined) throw new Error(`case ${name} failed`);
  await exit;
  sink.send("counts");
  const [{ counts }] = await once(sink, "message");
  sink.disconnect();
  return { ...result, ...counts };
}

const median = (numbers) => numbers.toSorted((a, b) => a - b)[Math.floor(numbers.length / 2)];

const rounds = Object.fromEntries(CASES.map((name) => [name, []]));
for (let round = 0; round < Number(values.rounds); round++) {
  for (const name of CASES) rounds[name].push(await measure(name));
}

const cost = Object.fromEntries(
  CASES.map((name) => [name, median(rounds[name].map((r) => r.microsPerSpan))]),
);
const lost = (name) => rounds[name].reduce((sum, r) => sum + r.started - r.spans, 0);
const rows = CASES.map((name) => ({
  case: name,
  "µs/span": cost[name].toFixed(2),
  "above floor": (cost[name] - cost.floor).toFixed(2),
  spread: rounds[name].map((r) => r.microsPerSpan.toFixed(2)).join(" "),
  "spans lost": name === "floor" ? "-" : lost(name),
  requests: rounds[name][0].requests,
  connections: rounds[name][0].connections,
  "bytes/span":
    name === "floor" ? "-" : Math.round(rounds[name][0].bytes / rounds[name][0].started),
  "RSS MB": Math.round(median(rounds[name].map((r) => r.heapMegabytes))),
}));
console.table(rows);

const ratio = (cost.bridge - cost.floor) / (cost.otlp - cost.floor);
console.log(`bridge / OTLP JSON, above the floor: ${ratio.toFixed(2)} (mark: at most 0.80)`);
console.log(`spans lost by the bridge: ${lost("bridge")}`);
