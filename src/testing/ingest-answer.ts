import type { ServerResponse } from "node:http";
import { setTimeout as delay } from "node:timers/promises";

import type { IngestRequest } from "./ingest-request.js";

/** A response set by a test. Default: 200 without a delay. */
interface IngestResponse {
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
  /** Milliseconds to wait before the response. */
  readonly delayMillis?: number;
}

/**
 * The server's reaction to a request: a response, or a network fault. `reset` closes the connection with RST, `hang_up`
 * with FIN, `stall` never responds, `stall_body` responds 200 and never ends the body, `reset_body` responds 200 and
 * resets the connection inside the body.
 */
export type IngestAnswer =
  | IngestResponse
  | "hang_up"
  | "reset"
  | "reset_body"
  | "stall"
  | "stall_body";

/** Chooses the answer to a request; undefined for the normal answer. */
export type IngestAnswerer = (request: IngestRequest) => IngestAnswer | undefined;

const UNFINISHED = { "content-type": "application/json", "content-length": "1000" };

/** Sends an answer, or causes its fault. */
export async function sendAnswer(response: ServerResponse, answer: IngestAnswer): Promise<void> {
  if (typeof answer === "object") return respond(response, answer);
  if (answer === "reset") response.socket?.resetAndDestroy();
  else if (answer === "hang_up") response.socket?.destroy();
  else if (answer !== "stall") {
    response.writeHead(200, UNFINISHED);
    const isWritten = new Promise<void>((resolve) => response.write("{", () => resolve()));
    if (answer === "stall_body") return;
    // A reset discards unsent data, so wait until the headers are sent.
    await isWritten;
    await delay(20);
    response.socket?.resetAndDestroy();
  }
}

/** Tells whether the answer means to the client that its envelope was accepted. */
export function isAcceptance(answer: IngestAnswer): boolean {
  if (typeof answer === "string") return answer === "stall_body" || answer === "reset_body";
  const { status = 200 } = answer;
  return status >= 200 && status < 300;
}

async function respond(
  response: ServerResponse,
  { status = 200, headers = {}, body = "{}", delayMillis = 0 }: IngestResponse,
): Promise<void> {
  if (delayMillis > 0) await delay(delayMillis);
  response.writeHead(status, { "content-type": "application/json", ...headers });
  response.end(body);
}
