import { spawn } from "node:child_process";
import { mkdtemp, readFile, readdir, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";

import { onTestFinished } from "vitest";

import type { DiscardCounts } from "../../../src/client-reports/ledger.js";
import { DiscardLedger } from "../../../src/client-reports/ledger.js";
import type { ItemCount } from "../../../src/protocol/data-category.js";
import type { SpoolSettings } from "../../../src/delivery/spool/file-spool.js";
import { createSpool } from "../../../src/delivery/spool/file-spool.js";
import type { Spool, SpooledEnvelope } from "../../../src/delivery/spool/spool.js";
import { temporaryRoot } from "../../temporary-root.js";
import { recordingDiagnostics } from "../support.js";

export const NO_LIMIT = (): boolean => false;

const SPOOL_BYTES = 50_000_000;

/** A directory that does not exist yet, below one that goes away with the test. In memory, unless it is below another one. */
export async function spoolDirectory(above: string = temporaryRoot(SPOOL_BYTES)): Promise<string> {
  const parent = await mkdtemp(join(above, "spool-"));
  onTestFinished(() => rm(parent, { recursive: true, force: true }));
  return join(parent, "above", "spool");
}

export interface TestSpool extends Spool {
  readonly isUsable: boolean;
  readonly warnings: readonly string[];
  readonly foreign: readonly { reason: string; contents: readonly ItemCount[] }[];
  losses(): DiscardCounts;
}

/** A spool with a ledger of its own, as each process has one. */
export function spoolIn(directory: string, settings: Partial<SpoolSettings> = {}): TestSpool {
  const recorder = new DiscardLedger();
  const { diagnostics, warnings } = recordingDiagnostics();
  const foreign: { reason: string; contents: readonly ItemCount[] }[] = [];
  const spool = createSpool({
    directory,
    recorder,
    diagnostics,
    onForeignLoss: (reason, contents) => foreign.push({ reason, contents }),
    ...settings,
  });
  return {
    warnings,
    foreign,
    losses: () => recorder.snapshot(),
    keep: (envelope) => spool.keep(envelope),
    keepSync: (envelope) => spool.keepSync(envelope),
    claim: (isLimited) => spool.claim(isLimited),
    holdsCheckIn: (id) => spool.holdsCheckIn(id),
    supersede: (checkIn) => spool.supersede(checkIn),
    counts: () => spool.counts(),
    get isUsable() {
      return spool.isUsable !== false;
    },
  };
}

/** Claims and settles until there is nothing more. */
export async function drain(spool: Spool): Promise<SpooledEnvelope[]> {
  const claimed: SpooledEnvelope[] = [];
  for (
    let next = await spool.claim(NO_LIMIT);
    next !== undefined;
    next = await spool.claim(NO_LIMIT)
  ) {
    await next.done();
    claimed.push(next);
  }
  return claimed;
}

/** Names in a directory, sorted; none where it is not there. */
export async function namesIn(directory: string): Promise<string[]> {
  try {
    return (await readdir(directory)).toSorted();
  } catch {
    return [];
  }
}

/** Whether a file is an envelope's metadata line and as many bytes as that says. */
export async function isWhole(path: string): Promise<boolean> {
  const file = await readFile(path);
  const end = file.indexOf("\n");
  const { bytes } = JSON.parse(file.toString("utf8", 0, end)) as { bytes: number };
  return file.length === end + 1 + bytes;
}

const PRELUDE = `
import { createSpool, encodeEnvelope } from "./sources.js";
const directory = process.argv[2];
const diagnostics = { warnOnce: (kind, message, cause) => console.error(kind, cause), debug() {}, counts: () => ({}) };
const spool = createSpool({ directory, diagnostics, recorder: { record() {} } });
let sequence = 0;
const id = () => (process.pid.toString(16) + "a" + (sequence++).toString(16)).padStart(32, "0");
const envelope = (bytes = 1000, category = "error") => {
  const eventId = id();
  const payload = JSON.stringify({ event_id: eventId, text: "x".repeat(bytes) });
  return encodeEnvelope({ eventId, category, itemType: "event", payload, headerJson: "", contents: [{ category, quantity: 1 }] });
};
const say = (text) => process.stdout.write(text + "\\n");
`;

export interface Child {
  readonly pid: number;
  /** Resolves with the next line that it prints. */
  line(): Promise<string>;
  kill(): void;
  /** Resolves with all that it printed, once it has ended. */
  readonly ended: Promise<string>;
}

let scripts = 0;

/** A process over the compiled sources, with a spool in the directory of its first argument. */
export async function child(
  compiled: string,
  script: string,
  args: readonly string[],
): Promise<Child> {
  const path = join(compiled, `child-${process.pid}-${(scripts += 1)}.js`);
  await writeFile(path, PRELUDE + script);
  const running = spawn(process.execPath, [path, ...args], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  onTestFinished(() => void running.kill("SIGKILL"));
  const wakers: (() => void)[] = [];
  const wakeAll = (): void => wakers.splice(0).forEach((wake) => wake());
  let printed = "";
  let taken = 0;
  running.stdout.setEncoding("utf8").on("data", (chunk: string) => {
    printed += chunk;
    wakeAll();
  });
  const ended = new Promise<string>((resolve) => {
    running.on("close", () => {
      resolve(printed);
      wakeAll();
    });
  });
  return {
    pid: running.pid ?? 0,
    ended,
    kill: () => void running.kill("SIGKILL"),
    async line() {
      for (;;) {
        const end = printed.indexOf("\n", taken);
        if (end >= 0) {
          const line = printed.slice(taken, end);
          taken = end + 1;
          return line;
        }
        if (running.exitCode !== null || running.signalCode !== null) return "";
        await new Promise<void>((resolve) => wakers.push(resolve));
      }
    },
  };
}
