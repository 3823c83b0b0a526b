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

/** A running application, and all that its bridge sends. */
export interface App {
  /** Sends the requests at the same time; `path` is asked for once for each id. */
  ask(path: string, ids: readonly string[]): Promise<Outcome>;
  /** Trace id in the header of the envelope that brought the event. */
  traceOfEnvelope(event: ReceivedError): unknown;
  stop(): Promise<void>;
}

/** Starts the application of a framework in a process of its own. */
export async function startApp(
  framework: Framework,
  env: Readonly<Record<string, string>> = {},
): Promise<App> {
  const ingest = await startIngestServer();
  const node = startNode(`${framework}.mjs`, { env: { ...env, DSN: ingest.dsn } });
  const port = await node.next<number>();

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

  return {
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
