import { readFileSync } from "node:fs";
import { Session } from "node:inspector/promises";
import { fork } from "node:child_process";
import { SUBJECTS } from "./bench/harness/subjects.mjs";
import { paced, saturated } from "./bench/harness/load.mjs";
const { startSink } = {};
const [name, mode] = process.argv.slice(2);
import http from "node:http";
// sink in another process
const sink = fork("/tmp/th14/sink.cjs");
const port = await new Promise((r) => sink.once("message", r));
const subject = await SUBJECTS[name](port);
const { request } = await import("./bench/workloads/repeat.mjs");
let n = 0;
const next = () => request(subject.tracer, n++);
const go = () => (mode === "paced" ? paced(next, 900, 300) : saturated(next, 3000));
await go();
await subject.flush();
const thr = () =>
  Number(readFileSync(`/proc/self/task/${process.pid}/schedstat`, "utf8").split(" ")[0]) / 1000;
const s = new Session();
s.connect();
await s.post("Profiler.enable");
await s.post("Profiler.setSamplingInterval", { interval: 200 });
await s.post("Profiler.start");
const t = thr();
const k = n;
await go();
await subject.flush();
const per = (thr() - t) / (n - k) / 21;
const { profile } = await s.post("Profiler.stop");
const byId = new Map(profile.nodes.map((x) => [x.id, x]));
const self = new Map();
let total = 0;
const dt = profile.timeDeltas;
profile.samples.forEach((id, i) => {
  const x = byId.get(id);
  const f = x.callFrame;
  const key = f.functionName + " " + f.url.split("/").pop();
  if (f.functionName === "(idle)") return;
  self.set(key, (self.get(key) ?? 0) + dt[i]);
  total += dt[i];
});
console.log(name, mode, "thread µs/span", per.toFixed(2));
const spans = (n - k) * 21;
const files = new Map();
for (const [k2, v] of self) {
  const f = k2.split(" ").pop();
  files.set(f, (files.get(f) ?? 0) + v);
}
console.log(
  [...files]
    .sort((a, b) => b[1] - a[1])
    .slice(0, 12)
    .map(([f, v]) => `${f || "(vm)"} ${(v / spans).toFixed(2)}`)
    .join("  "),
);
for (const [k2, v] of [...self].sort((a, b) => b[1] - a[1]).slice(0, 45))
  console.log((v / spans).toFixed(3), k2);
sink.kill();
process.exit();
