// Time of a cold import of the package against that of `@opentelemetry/api`, in one run: each is a process of its own, and
// they alternate. Wall-clock time on an idle machine; CPU time on a busy one. node bench/import.mjs [--rounds N]
import { execFileSync } from "node:child_process";
import { parseArgs } from "node:util";

const { values } = parseArgs({ options: { rounds: { type: "string", default: "15" } } });

const PACKAGES = { api: "@opentelemetry/api", bridge: "otel-sentry-bridge" };
const LOADS = {
  import: { flag: "module", load: (name) => `await import("${name}")` },
  require: { flag: "commonjs", load: (name) => `require("${name}")` },
};

function measure({ flag, load }, name) {
  const program = `
    const cpu = process.cpuUsage(), start = performance.now();
    ${load(name)};
    const wall = performance.now() - start, { user, system } = process.cpuUsage(cpu);
    console.log(JSON.stringify({ wall, cpu: (user + system) / 1000 }));`;
  const args = [`--input-type=${flag}`, "--eval", program];
  const cwd = new URL("..", import.meta.url);
  return JSON.parse(execFileSync(process.execPath, args, { cwd, encoding: "utf8" }));
}

const median = (numbers) => numbers.toSorted((a, b) => a - b)[Math.floor(numbers.length / 2)];

for (const [kind, loading] of Object.entries(LOADS)) {
  const results = { api: [], bridge: [] };
  for (let round = 0; round < Number(values.rounds); round += 1) {
    for (const [name, specifier] of Object.entries(PACKAGES))
      results[name].push(measure(loading, specifier));
  }
  for (const clock of ["wall", "cpu"]) {
    const of = (name) => median(results[name].map((result) => result[clock]));
    const ratio = (of("bridge") / of("api")).toFixed(2);
    console.log(
      `${kind}, ${clock}: ${of("bridge").toFixed(1)} ms / ${of("api").toFixed(1)} ms = ${ratio} (mark for import: at most 2.50)`,
    );
  }
}
