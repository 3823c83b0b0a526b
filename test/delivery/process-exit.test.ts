import { spawn } from "node:child_process";
import { rm, writeFile } from "node:fs/promises";
import { join } from "node:path";

import { afterAll, beforeAll, expect, it, onTestFinished } from "vitest";

import { startIngestServer } from "../../src/testing/ingest-server.js";
import { compiledSources } from "../package/compiled-sources.js";

let directory = "";

const script = `
import { createDiagnostics, createHttpTransport, encodeEnvelope, parseDsn } from "./sources.js";

const transport = createHttpTransport({
  dsn: parseDsn(process.argv[2]),
  client: "test/1.0.0",
  idleTimeoutMillis: 60_000,
  diagnostics: createDiagnostics(console),
  runDetached: (run) => run(),
});
const text = "x".repeat(Number(process.argv[3]));
const envelope = encodeEnvelope({ category: "error", itemType: "event", payload: JSON.stringify({ text }), headerJson: "", contents: [] });
// As a flush does: a send alone keeps no process.
const flush = setInterval(() => {}, 1000);
const { outcome } = await transport.send(envelope);
clearInterval(flush);
const hasFetchDispatcher = Symbol.for("undici.globalDispatcher.1") in globalThis;
process.stdout.write(JSON.stringify({ outcome, hasFetchDispatcher }));
`;

beforeAll(async () => {
  directory = await compiledSources([
    "delivery/http/http-transport.ts",
    "support/diagnostics.ts",
    "protocol/dsn.ts",
    "protocol/envelope.ts",
  ]);
  await writeFile(join(directory, "send-once.js"), script);
});

afterAll(() => rm(directory, { recursive: true, force: true }));

interface SentOnce {
  readonly report: unknown;
  readonly exitCode: number | null;
  /** From the outcome to the end of the process. */
  readonly exitMillis: number;
}

async function sendOnce(bytes: number): Promise<SentOnce> {
  const server = await startIngestServer({ keepAliveMillis: 60_000 });
  onTestFinished(() => server.close());
  const child = spawn(
    process.execPath,
    [join(directory, "send-once.js"), server.dsn, String(bytes)],
    {
      stdio: ["ignore", "pipe", "inherit"],
    },
  );
  const output = new Promise<string>((resolve) => {
    child.stdout.once("data", (chunk: Buffer) => resolve(chunk.toString()));
  });
  const exit = new Promise<number | null>((resolve) => {
    child.once("exit", resolve);
  });
  const report: unknown = JSON.parse(await output);
  const sentAt = performance.now();
  const exitCode = await exit;
  return { report, exitCode, exitMillis: performance.now() - sentAt };
}

it.each([
  ["a plain", 100],
  ["a compressed", 100_000],
])(
  "a process that has sent %s envelope ends by itself, while its connection is still open",
  async (_kind, bytes) => {
    const { report, exitCode, exitMillis } = await sendOnce(bytes);
    expect(report).toMatchObject({ outcome: "delivered" });
    expect(exitCode).toBe(0);
    // The connection would be kept for a minute.
    expect(exitMillis).toBeLessThan(30_000);
  },
);

it("a send does not make itself the dispatcher of the process's fetch", async () => {
  const { report } = await sendOnce(100);
  expect(report).toMatchObject({ hasFetchDispatcher: false });
});
