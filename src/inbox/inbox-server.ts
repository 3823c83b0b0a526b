import type { IncomingMessage, Server, ServerResponse } from "node:http";

import { MAX_ENVELOPE_BYTES, createBoundedServer, listen } from "../testing/bounded-http.js";
import { IngestRefusal, readRequest, refusalStatus } from "../testing/ingest-request.js";
import type { BodiesUnderWay } from "../testing/ingest-request.js";
import type { Inbox } from "./inbox.js";
import { LiveUpdates } from "./live-updates.js";
import { readPage } from "./page-file.js";
import type { PageFile } from "./page-file.js";
import { answerPage } from "./page-routes.js";
import type { PageDependencies } from "./page-routes.js";
import { crossOriginHeaders, ingestRefusal } from "./request-guard.js";

/** A server on the loopback interface that accepts envelopes and shows them on a page. */
export interface InboxServer {
  readonly port: number;
  /** DSN for SDKs that send to the inbox. */
  readonly dsn: string;
  /** Address of the page. */
  readonly url: string;
  /** Closes all connections and the server. */
  close(): Promise<void>;
}

// Accepts any project and any key, so that a DSN can be written by hand. `/stream` is the path of Spotlight.
const INGEST_PATH = /^\/(?:api\/\d+\/envelope\/?|stream|tunnel)$/;

// Browsers send OPTIONS as a CORS preflight.
const INGEST_METHODS: ReadonlySet<string | undefined> = new Set(["POST", "OPTIONS"]);

/** Starts the server; port 0 picks a free port. Rejects if it cannot listen. */
export async function startInboxServer(
  inbox: Inbox,
  port: number,
  page: PageFile = readPage(),
): Promise<InboxServer> {
  const http = createBoundedServer({});
  const underWay: BodiesUnderWay = { bytes: 0 };
  const actualPort = await listen(http, port);
  const dsn = `http://inbox@127.0.0.1:${actualPort}/1`;
  const live = new LiveUpdates(inbox);
  const dependencies = { inbox, live, page, dsn, underWay };
  http.on("request", (request, response) => void handle(request, response, dependencies));
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

interface ServerDependencies extends PageDependencies {
  readonly underWay: BodiesUnderWay;
}

async function handle(
  message: IncomingMessage,
  response: ServerResponse,
  dependencies: ServerDependencies,
): Promise<void> {
  const [path = ""] = (message.url ?? "").split("?", 1);
  try {
    if (INGEST_METHODS.has(message.method) && INGEST_PATH.test(path))
      await ingest(message, response, dependencies);
    else answerPage(message, response, dependencies);
  } catch {
    // The client disconnected before its request was complete.
    response.destroy();
  }
}

async function ingest(
  message: IncomingMessage,
  response: ServerResponse,
  { inbox, underWay }: ServerDependencies,
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
    // The client disconnected.
    if (!(error instanceof IngestRefusal) && !message.complete) throw error;
    const detail = error instanceof Error ? error.message : String(error);
    inbox.refuse(detail);
    answer(response, refusalStatus(error), { detail, causes: [] });
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
