// CPU time per span above that of a provider without an exporter, as a ratio to OTel's OTLP JSON exporter in the same run.
// All cases are processes that take turns; a turn ends with a flush.
//   node bench/span-cost.mjs [--workloads repeat,real,app,single] [--modes saturated,paced] [--subjects floor,otlp,bridge,…]
//                            [--rounds 7] [--requests 1000] [--warm-up 210000] [--json FILE]
// Before it is measured, a process makes `--warm-up` spans, at least. Node optimizes code for about the first 200,000, which a
// server has behind it after minutes; with `--warm-up 0`, the figures are those of the first seconds of a process.
// Exits with 1 where a goal is missed, spans are lost, or a backlog falsifies the comparison.
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
  "warm-up": { type: "string", default: "210000" },
});

const PACE = 300;
const WARM_UP_TURNS = 4;
const SPANS_PER_REQUEST = { repeat: 21, real: 21, single: 1 };
// The instrumentations of the `app` workload decide; the report counts them.
const LEAST_SPANS_OF_APP = 15;
// A turn takes a tenth of a second to some tenths: of `app` a request costs more, and of `single` less.
const REQUESTS_PER_TURN = { app: 0.25, single: 10 };
const requestsOf = (workload, mode) =>
  mode === "paced" ? PACE : Math.ceil(Number(values.requests) * (REQUESTS_PER_TURN[workload] ?? 1));

const spool = mkdtempSync(join(tmpdir(), "bench-spool-"));

async function start(workload) {
  const all = [];
  for (const subject of values.subjects.split(","))
    all.push(await startCase(subject, workload, { BENCH_SPOOL: spool }));
  const perRequest = SPANS_PER_REQUEST[workload] ?? LEAST_SPANS_OF_APP;
  const perTurn = requestsOf(workload, "saturated") * perRequest;
  for (const one of all)
    for (let spans = 0; spans < Number(values["warm-up"]); spans += perTurn)
      await turn(one, workload, "saturated");
  return all;
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

async function measure(all, workload, mode) {
  const cases = {};
  for (const { subject, ...one } of all) {
    let last;
    for (let left = WARM_UP_TURNS; left > 0; left--) last = await turn(one, workload, mode);
    cases[subject] = { turns: [], megabytesBefore: last.rssMegabytes };
    one.server.reset();
  }
  for (let round = 0; round < Number(values.rounds); round++) {
    // Each round begins with another case, so that none always follows the same one.
    for (let step = 0; step < all.length; step++) {
      const one = all[(round + step) % all.length];
      cases[one.subject].turns.push(await turn(one, workload, mode));
    }
  }
  for (const { subject, server } of all) cases[subject].counts = await server.counts();
  const spansPerRequest = SPANS_PER_REQUEST[workload];
  return { workload, mode, spansPerRequest, cases };
}

const results = new Results("span-cost");
try {
  for (const workload of values.workloads.split(",")) {
    const all = await start(workload);
    for (const mode of values.modes.split(",")) report(await measure(all, workload, mode), results);
    for (const one of all) await one.stop();
  }
} finally {
  rmSync(spool, { recursive: true, force: true });
}
results.end(values);
