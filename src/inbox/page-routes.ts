import type { IncomingMessage, ServerResponse } from "node:http";

import type { Inbox } from "./inbox.js";
import type { LiveUpdates } from "./live-updates.js";
import type { PageFile } from "./page-file.js";
import { pageRefusal } from "./request-guard.js";
import { detailOf } from "./trace-record.js";

/** Dependencies of the page's routes. */
export interface PageDependencies {
  readonly inbox: Inbox;
  readonly live: LiveUpdates;
  readonly page: PageFile;
  readonly dsn: string;
}

const COMMON_HEADERS = {
  "cache-control": "no-store",
  "cross-origin-resource-policy": "same-origin",
  "referrer-policy": "no-referrer",
  "x-content-type-options": "nosniff",
};

/** Answers a request for the page or its data. */
export function answerPage(
  request: IncomingMessage,
  response: ServerResponse,
  dependencies: PageDependencies,
): void {
  const refusal = pageRefusal(request.headers);
  if (refusal !== undefined) return sendJson(response, { detail: refusal }, 403);
  const { method = "", url = "" } = request;
  const path = url.split("?", 1)[0] ?? "";
  if (method === "POST" && path === "/data/clear") {
    dependencies.inbox.clear();
    return sendJson(response, {});
  }
  if (method !== "GET") return sendJson(response, { detail: "method not allowed" }, 405);
  answerGet(path, response, dependencies);
}

function answerGet(path: string, response: ServerResponse, dependencies: PageDependencies): void {
  const { inbox, live, page, dsn } = dependencies;
  if (path === "/") return sendPage(response, page);
  if (path === "/favicon.ico") return void response.writeHead(204, COMMON_HEADERS).end();
  if (path === "/data/about") return sendJson(response, { dsn });
  if (path === "/data/tallies") return sendJson(response, inbox.tallies());
  if (path === "/events") {
    if (!live.connect(response, COMMON_HEADERS))
      sendJson(response, { detail: "too many pages are open" }, 503);
    return;
  }
  const record = inbox.trace(traceIdIn(path));
  if (record === undefined) sendJson(response, { detail: "not found" }, 404);
  else sendJson(response, detailOf(record));
}

// A trace id may be any string that an SDK has sent.
function traceIdIn(path: string): string {
  const [, text = ""] = /^\/data\/traces\/(.+)$/.exec(path) ?? [];
  try {
    return decodeURIComponent(text);
  } catch {
    return "";
  }
}

function sendPage(response: ServerResponse, { html, contentSecurityPolicy }: PageFile): void {
  response.writeHead(200, {
    ...COMMON_HEADERS,
    "content-type": "text/html; charset=utf-8",
    "content-security-policy": contentSecurityPolicy,
    "cross-origin-opener-policy": "same-origin",
  });
  response.end(html);
}

function sendJson(response: ServerResponse, data: unknown, status: number = 200): void {
  response.writeHead(status, { ...COMMON_HEADERS, "content-type": "application/json" });
  response.end(JSON.stringify(data));
}
