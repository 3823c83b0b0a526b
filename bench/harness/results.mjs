// What a bench prints and writes: tables, the load, marks that were missed.
import { fork } from "node:child_process";
import { once } from "node:events";
import { writeFileSync } from "node:fs";
import { loadavg } from "node:os";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";

/** Options of the command line that each bench has, with those of the bench. `case` is for `runCase`. */
export function benchOptions(options = {}) {
  const common = { json: { type: "string" }, case: { type: "string" } };
  return parseArgs({ options: { ...common, ...options } }).values;
}

/** Runs one case of a bench in a process of its own; returns what it passes to `answerAsCase`. */
export async function runCase(bench, name, { args = [], execArgv = [] } = {}) {
  const child = fork(fileURLToPath(bench), ["--case", name, ...args], { execArgv });
  const [answer] = await Promise.race([once(child, "message"), failure(child, name)]);
  await once(child, "exit");
  return answer;
}

async function failure(child, name) {
  const [code] = await once(child, "exit");
  throw new Error(`the case "${name}" ended with code ${code}`);
}

/** Gives the figures of a case to the process that started it, and ends the process. */
export async function answerAsCase(figures) {
  await new Promise((resolve) => process.send(figures, resolve));
  process.exit(0);
}

/** Collects the results of a bench. `end` prints them, writes them to the file of `--json`, and sets the exit code. */
export class Results {
  #bench;
  #tables = [];
  #marks = [];
  #faults = [];

  constructor(bench) {
    this.#bench = bench;
  }

  /** Adds a table, and prints it at once. */
  table(title, rows) {
    const load = loadavg()[0].toFixed(1);
    this.#tables.push({ title, rows, load });
    console.log(`\n${title} (Node ${process.version}, load ${load})`);
    console.table(rows);
  }

  /** Compares a figure with the most that it may be, in a unit. */
  mark(what, figure, [most, unit]) {
    this.#marks.push({ what, figure, most, unit, isMissed: !(figure <= most) });
  }

  /** Adds a reason not to trust the figures. */
  fault(text) {
    this.#faults.push(text);
  }

  end({ json }) {
    const node = process.version;
    const [bench, tables, marks, faults] = [this.#bench, this.#tables, this.#marks, this.#faults];
    if (marks.length > 0) console.log("\nmarks");
    for (const { what, figure, most, unit, isMissed } of marks)
      console.log(
        `${isMissed ? "MISSED" : "ok    "} ${what}: ${round(figure)} ${unit}, at most ${most}`,
      );
    for (const fault of faults) console.log(`FAULT  ${fault}`);
    if (json !== undefined)
      writeFileSync(json, JSON.stringify({ bench, node, tables, marks, faults }, undefined, 2));
    process.exitCode = faults.length > 0 || marks.some(({ isMissed }) => isMissed) ? 1 : 0;
  }
}

const round = (figure) => (Math.abs(figure) < 10 ? figure.toFixed(3) : figure.toFixed(1));
