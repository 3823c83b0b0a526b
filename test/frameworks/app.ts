import { readFileSync } from "node:fs";
import { join } from "node:path";

import type { ClientStats } from "../../src/index.js";
import type { ReceivedError, ReceivedTransaction } from "../../src/testing/received.js";
import { assertSettled, startIngestServer } from "../../src/testing/testing.js";
import { startNode } from "./node-process.js";

/** A framework that an application is made with. */
export type Framework = "express" | "fastify" | "koa";

/** What the requests since the last look have led to. */
export interface Outcome {
  readonly statuses: readonly number[];
  readonly errors: readonly ReceivedError[];
  readonly transactions: readonly ReceivedTransaction[];
}

/** A running application. */
export interface App {
  /** Sends the requests at the same time; `path` is asked for once for each id. */
  ask(path: string, ids: readonly string[]): Promise<Outcome>;
  /** Trace id in the header of the envelope that brought the event. */
  traceOfEnvelope(event: ReceivedError): unknown;
}

/** Applications in one process, which have one client. */
export interface Apps {
  of(framework: Framework): App;
  stop(): Promise<void>;
}

/** Starts applications in one process. */
export async function startApps(
  frameworks: readonly Framework[],
  env: Readonly<Record<string, string>> = {},
): Promise<Apps> {
  const ingest = await startIngestServer();
  const node = startNode("applications.mjs", {
    env: { ...env, DSN: ingest.dsn, FRAMEWORKS: frameworks.join() },
  });
  const ports = await node.next<Readonly<Record<Framework, number>>>();

  const flushed = async (): Promise<void> => {
    node.send("flush");
    const stats = await node.next<ClientStats>();
    assertSettled({ stats: () => stats });
  };
  // A root ends when its response is closed, which the client may hear of first.
  const settled = async (transactions: number): Promise<void> => {
    while (ingest.transactions().length < transactions) await flushed();
    await flushed();
  };

  const appOn = (port: number): App => ({
    async ask(path, ids) {
      const before = { errors: ingest.errors().length, spans: ingest.transactions().length };
      const statuses = await Promise.all(ids.map((id) => statusOf(port, `${path}?id=${id}`)));
      await settled(before.spans + ids.length);
      return {
        statuses,
        errors: ingest.errors().slice(before.errors),
        transactions: ingest.transactions().slice(before.spans),
      };
    },
    traceOfEnvelope({ event_id }) {
      const envelope = ingest.envelopes.find(({ header }) => header["event_id"] === event_id);
      return (envelope?.header["trace"] as { trace_id?: unknown } | undefined)?.trace_id;
    },
  });
  return {
    of: (framework) => appOn(ports[framework]),
    async stop() {
      await node.stop();
      await ingest.close();
    },
  };
}

async function statusOf(port: number, path: string): Promise<number> {
  const response = await fetch(`http://127.0.0.1:${port}${path}`);
  await response.text();
  return response.status;
}

/** Where a fixture has the text: what a frame of it is like. */
export function lineWith(file: string, text: string): { filename: unknown; lineno: number } {
  const path = join(import.meta.dirname, "fixtures", file);
  const index = readFileSync(path, "utf8")
    .split("\n")
    .findIndex((line) => line.includes(text));
  if (index < 0) throw new Error(`no \`${text}\` in ${file}`);
  return { filename: path, lineno: index + 1 };
}
