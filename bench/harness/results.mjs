// What a bench prints and writes: tables, each with its load, its goals and the reasons not to trust it.
import { fork } from "node:child_process";
import { once } from "node:events";
import { writeFileSync } from "node:fs";
import { loadavg } from "node:os";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";

/** Options of the command line that all benches with tables have, with those of the bench. `case` is for `runCase`. */
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

/** Prints the results of a bench as they come. `end` writes them to the file of `--json`, and sets the exit code. */
export class Results {
  #bench;
  #tables = [];

  constructor(bench) {
    this.#bench = bench;
  }

  /** Adds a table. The goals and faults that follow belong to it. */
  table(title, rows) {
    const load = loadavg()[0].toFixed(1);
    this.#tables.push({ title, rows, load, goals: [], faults: [] });
    console.log(`\n${title} (Node ${process.version}, load ${load})`);
    console.table(rows);
  }

  /** Compares a figure with the most that it may be, in a unit. */
  goal(what, figure, [most, unit]) {
    const isReached = figure <= most;
    const outcome = `${isReached ? "reached" : "missed"}: ${round(figure)}`;
    const text = `${what}: at most ${most} ${unit}; ${outcome}`;
    this.#tables.at(-1).goals.push({ text, isReached });
    console.log(`Goal, ${text}`);
  }

  /** Adds a reason not to trust the figures. */
  fault(text) {
    this.#tables.at(-1).faults.push(text);
    console.log(`Fault: ${text}`);
  }

  end({ json }) {
    const tables = this.#tables;
    if (json !== undefined)
      writeFileSync(json, JSON.stringify({ bench: this.#bench, tables }, undefined, 2));
    process.exitCode = tables.every(isGood) ? 0 : 1;
  }
}

const isGood = ({ goals, faults }) =>
  faults.length === 0 && goals.every(({ isReached }) => isReached);

function round(figure) {
  if (Number.isInteger(figure)) return String(figure);
  return figure.toFixed(Math.abs(figure) < 10 ? 2 : 1);
}
