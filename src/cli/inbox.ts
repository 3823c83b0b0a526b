import { once } from "node:events";

import { startIngestServer } from "../testing/ingest-server.js";
import type { IngestServer } from "../testing/ingest-server.js";
import { errorsOf, transactionsOf } from "../testing/received.js";
import { EXIT_FAILED, EXIT_OK, UsageError } from "./exit-code.js";
import { printTrace } from "./print-trace.js";
import type { Terminal } from "./terminal.js";
import { TraceGroups } from "./trace-groups.js";

const DEFAULT_PORT = "8969";
const MAX_PORT = 65_535;

/** Prints every trace that is sent to a server on the loopback interface, until a signal ends it. */
export async function runInbox(port: string = DEFAULT_PORT, terminal: Terminal): Promise<number> {
  const portNumber = portOf(port);
  const groups = new TraceGroups({ print: (trace) => printTrace(trace, terminal) });
  let server: IngestServer;
  try {
    server = await startIngestServer({ port: portNumber });
  } catch (error) {
    terminal.complain(
      `Port ${portNumber} cannot be listened on: ${String(error)}. Choose another with --port.`,
    );
    return EXIT_FAILED;
  }
  receive(server, groups);
  terminal.print(`Listening. Start your application with SENTRY_DSN=${server.dsn}`);
  await Promise.race([once(process, "SIGINT"), once(process, "SIGTERM")]);
  groups.flush();
  await server.close();
  return EXIT_OK;
}

function receive(server: IngestServer, groups: TraceGroups): void {
  server.respondWith((request) => {
    // The server keeps all it gets, for tests; this one may run for days.
    server.clear();
    const envelopes = [request.envelope()];
    for (const transaction of transactionsOf(envelopes)) groups.add({ transaction });
    for (const error of errorsOf(envelopes)) groups.add({ error });
    return undefined;
  });
}

function portOf(text: string): number {
  const port = Number(text);
  if (/^\d+$/.test(text) && port <= MAX_PORT) return port;
  throw new UsageError(
    `--port must be a number from 0 to ${MAX_PORT}; got ${JSON.stringify(text)}`,
  );
}
