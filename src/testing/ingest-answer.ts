import type { ServerResponse } from "node:http";
import { setTimeout as delay } from "node:timers/promises";

import type { IngestRequest } from "./ingest-request.js";

/** A response that a test prescribes; what is left out is as in a good one. */
export interface IngestResponse {
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
  /** Time before the response. */
  readonly delayMillis?: number;
}

/**
 * What the server does with a request that it has read: a response, or a fault. `reset` ends the
 * connection by RST, `hang_up` by FIN, `stall` never answers, `stall_body` answers 200 and never ends
 * the body, `reset_body` answers 200 and resets inside the body.
 */
export type IngestAnswer =
  | IngestResponse
  | "hang_up"
  | "reset"
  | "reset_body"
  | "stall"
  | "stall_body";

/** Chooses the answer to a request; undefined leaves it to the server. */
export type IngestAnswerer = (request: IngestRequest) => IngestAnswer | undefined;

const UNFINISHED = { "content-type": "application/json", "content-length": "1000" };

/** Gives an answer. */
export async function giveAnswer(response: ServerResponse, answer: IngestAnswer): Promise<void> {
  if (typeof answer === "object") return respond(response, answer);
  if (answer === "reset") response.socket?.resetAndDestroy();
  else if (answer === "hang_up") response.socket?.destroy();
  else if (answer !== "stall") {
    response.writeHead(200, UNFINISHED);
    const isWritten = new Promise<void>((resolve) => response.write("{", () => resolve()));
    if (answer === "stall_body") return;
    // The headers must have left before the reset throws away what has not.
    await isWritten;
    await delay(20);
    response.socket?.resetAndDestroy();
  }
}

/** Whether the client was told that its envelope was taken. */
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
