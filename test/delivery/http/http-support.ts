import { onTestFinished } from "vitest";

import { parseDsn } from "../../../src/protocol/dsn.js";
import type { IngestServer, IngestServerOptions } from "../../../src/testing/ingest-server.js";
import { startIngestServer } from "../../../src/testing/ingest-server.js";
import type {
  HttpTransport,
  HttpTransportSettings,
} from "../../../src/delivery/http/http-transport.js";
import { createHttpTransport } from "../../../src/delivery/http/http-transport.js";
import { recordingDiagnostics } from "../support.js";

/** An HTTP transport to a server of its own. */
export interface HttpBench {
  readonly server: IngestServer;
  readonly transport: HttpTransport;
  readonly dispose: () => Promise<void>;
}

export async function httpBench(
  settings: Partial<HttpTransportSettings> = {},
  options: IngestServerOptions = {},
): Promise<HttpBench> {
  const server = await startIngestServer(options);
  const transport = httpTransport(server.dsn, settings);
  return {
    server,
    transport,
    async dispose() {
      await transport.close();
      await server.close();
    },
  };
}

export function httpTransport(
  dsn: string,
  settings: Partial<HttpTransportSettings> = {},
): HttpTransport {
  const { diagnostics } = recordingDiagnostics();
  return createHttpTransport({
    dsn: parseDsn(dsn),
    client: "test/1.0.0",
    diagnostics,
    runDetached: (run) => run(),
    ...settings,
  });
}

/** The same, disposed of after the test. */
export async function openHttp(
  settings: Partial<HttpTransportSettings> = {},
  options: IngestServerOptions = {},
): Promise<HttpBench> {
  const bench = await httpBench(settings, options);
  onTestFinished(() => bench.dispose());
  return bench;
}

/** A transport to a server that is there already; closed after the test. */
export function openTransport(
  dsn: string,
  settings: Partial<HttpTransportSettings> = {},
): HttpTransport {
  const transport = httpTransport(dsn, settings);
  onTestFinished(() => transport.close());
  return transport;
}
