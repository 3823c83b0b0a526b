// CPU time per span above that of a provider without an exporter, as a ratio to OTel's OTLP JSON exporter in the same run.
// All cases are processes that take turns; a turn ends with a flush.
//   node bench/span-cost.mjs [--workloads repeat,real,app,single] [--modes saturated,paced] [--subjects floor,otlp,bridge,…]
//                            [--rounds 7] [--requests 1000] [--warm-up 10000] [--json FILE]
// Before it is measured, a process serves `--warm-up` requests. Node optimizes code for about the first 200,000 spans, which a
// server has behind it after minutes; with `--warm-up 0`, the figures are those of the first seconds of a process.
// Exits with 1 where a ratio is above its mark, spans are lost, or a backlog falsifies the comparison.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { startCase } from "./harness/child.mjs";
import { drive } from "./harness/drive.mjs";
import { report } from "./harness/report.mjs";
import { Results, benchOptions } from "./harness/results.mjs";

const values = benchOptions({
  workloads: { type: "string", default: "repeat,real,app" },
  modes: { type: "string", default: "saturated,paced" },
  subjects: { type: "string", default: "floor,otlp,bridge" },
  rounds: { type: "string", default: "7" },
  requests: { type: "string", default: "1000" },
  "warm-up": { type: "string", default: "10000" },
});

const PACE = 300;
const WARM_UP_TURNS = 4;
const SATURATED_TURNS = Math.ceil(Number(values["warm-up"]) / Number(values.requests));
const SPANS_PER_REQUEST = { repeat: 21, real: 21, single: 1 };
// A turn at a pace lasts a second; one of the `app` workload makes fewer spans per request and costs more.
const requestsOf = (workload, mode) =>
  mode === "paced" ? PACE : Number(values.requests) / (workload === "app" ? 4 : 1);

const spool = mkdtempSync(join(tmpdir(), "bench-spool-"));

async function warm(one, workload, mode) {
  for (let left = SATURATED_TURNS; left > 0; left--)
    one.warmUp.push(await turn(one, workload, "saturated"));
  for (let left = WARM_UP_TURNS; left > 0; left--) one.warmUp.push(await turn(one, workload, mode));
}

async function turn(one, workload, mode) {
  const requests = requestsOf(workload, mode);
  const perSecond = mode === "paced" ? PACE : undefined;
  if (one.url === undefined) await one.order("run", { requests, perSecond });
  else {
    await one.order("begin");
    await drive(one.url, requests, perSecond);
  }
  return { ...(await one.order("end")), requests };
}

async function measure(workload, mode) {
  const all = [];
  for (const subject of values.subjects.split(",")) {
    const one = await startCase(subject, workload, { BENCH_SPOOL: spool });
    all.push({ ...one, warmUp: [], turns: [] });
  }
  for (const one of all) await warm(one, workload, mode);
  for (let round = 0; round < Number(values.rounds); round++) {
    // Each round begins with another case, so that none always follows the same one.
    for (let step = 0; step < all.length; step++) {
      const one = all[(round + step) % all.length];
      one.turns.push(await turn(one, workload, mode));
    }
  }
  const cases = {};
  for (const one of all) {
    const { warmUp, turns } = one;
    cases[one.subject] = { warmUp, turns, counts: await one.sink.counts() };
    await one.stop();
  }
  const spansPerRequest = SPANS_PER_REQUEST[workload];
  return { workload, mode, spansPerRequest, cases };
}

const results = new Results("span-cost");
try {
  for (const workload of values.workloads.split(",")) {
    for (const mode of values.modes.split(",")) report(await measure(workload, mode), results);
  }
} finally {
  rmSync(spool, { recursive: true, force: true });
}
results.end(values);
