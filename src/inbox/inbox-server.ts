import type { IncomingMessage, Server, ServerResponse } from "node:http";

import { MAX_ENVELOPE_BYTES, createBoundedServer, listen } from "../testing/bounded-http.js";
import { IngestRefusal, readRequest, statusOf } from "../testing/ingest-request.js";
import type { BodiesUnderWay } from "../testing/ingest-request.js";
import type { Inbox } from "./inbox.js";
import { LiveUpdates } from "./live-updates.js";
import { readPage } from "./page-file.js";
import { answerPage } from "./page-routes.js";
import type { PageParts } from "./page-routes.js";
import { crossOriginHeaders, ingestRefusal } from "./request-guard.js";

/** A server on the loopback interface that takes envelopes, and shows them on a page. */
export interface InboxServer {
  readonly port: number;
  /** For SDKs. */
  readonly dsn: string;
  /** Address of the page. */
  readonly url: string;
  /** Ends all connections and stops listening. */
  close(): Promise<void>;
}

// Any project and any key will do: a DSN that was written by hand is a DSN. `/stream` is Spotlight's path.
const INGEST_PATH = /^\/(?:api\/\d+\/envelope\/?|stream|tunnel)$/;

// A browser asks by OPTIONS whether a page may send headers of its own.
const INGEST_METHODS: ReadonlySet<string | undefined> = new Set(["POST", "OPTIONS"]);

/** Starts the server. Rejects when it cannot listen on the port; 0 chooses a free one. */
export async function startInboxServer(inbox: Inbox, port: number): Promise<InboxServer> {
  const http = createBoundedServer({});
  const underWay: BodiesUnderWay = { bytes: 0 };
  const actualPort = await listen(http, port);
  const dsn = `http://inbox@127.0.0.1:${actualPort}/1`;
  const live = new LiveUpdates(inbox);
  const parts = { inbox, live, page: readPage(), dsn, underWay };
  http.on("request", (request, response) => void handle(request, response, parts));
  return {
    port: actualPort,
    dsn,
    url: `http://127.0.0.1:${actualPort}/`,
    close: () => {
      live.close();
      return closeServer(http);
    },
  };
}

interface ServerParts extends PageParts {
  readonly underWay: BodiesUnderWay;
}

async function handle(
  message: IncomingMessage,
  response: ServerResponse,
  parts: ServerParts,
): Promise<void> {
  const [path = ""] = (message.url ?? "").split("?", 1);
  try {
    if (INGEST_METHODS.has(message.method) && INGEST_PATH.test(path))
      await ingest(message, response, parts);
    else answerPage(message, response, parts);
  } catch {
    // The client went away before its request was complete.
    response.destroy();
  }
}

async function ingest(
  message: IncomingMessage,
  response: ServerResponse,
  { inbox, underWay }: ServerParts,
): Promise<void> {
  const refusal = ingestRefusal(message.headers);
  if (refusal !== undefined) return answer(response, 403, { detail: refusal });
  response.setHeaders(new Map(Object.entries(crossOriginHeaders(message.headers))));
  if (message.method === "OPTIONS") return void response.writeHead(204).end();
  try {
    const request = await readRequest(message, { maxBytes: MAX_ENVELOPE_BYTES, underWay });
    const envelope = request.envelope();
    inbox.receive(envelope);
    answer(response, 200, { id: envelope.header["event_id"] });
  } catch (error) {
    // The client went away.
    if (!(error instanceof IngestRefusal) && !message.complete) throw error;
    const detail = error instanceof Error ? error.message : String(error);
    inbox.refuse(detail);
    answer(response, statusOf(error), { detail, causes: [] });
  }
}

function answer(response: ServerResponse, status: number, body: unknown): void {
  response.writeHead(status, { "content-type": "application/json" });
  response.end(JSON.stringify(body));
}

function closeServer(http: Server): Promise<void> {
  return new Promise((resolve) => {
    http.close(() => resolve());
    http.closeAllConnections();
  });
}
