import { randomBytes } from "node:crypto";

import { optionsFromEnvironment } from "../options/option-table.js";
import { proxyFromEnvironment } from "../options/env.js";
import { errorEventFromException } from "../errors/exception-events.js";
import type { ClientCore } from "../client/client-core.js";
import type { CategoryStats } from "../client/stats.js";
import { createDiagnostics } from "../support/diagnostics.js";
import { runDetached } from "../context/suppress-tracing.js";
import { parseDsn } from "../protocol/dsn.js";
import { createClient } from "../setup/create-client.js";
import { newEventId } from "../client/event-id.js";
import { SentrySpanExporter } from "../setup/otel-classes.js";
import { createHttpTransport } from "../delivery/http/http-transport.js";
import { failureReason, rejectionMessage } from "../delivery/http/send-failures.js";
import { attempt, propertyOf } from "../support/foreign.js";
import { EXIT_FAILED, EXIT_OK, UsageError, printable } from "./terminal.js";
import type { SendResult, Transport } from "../delivery/transport.js";
import { SDK_NAME, SDK_VERSION } from "../version.js";
import type { FinishedSpan } from "../trace/span.js";
import type { Terminal } from "./terminal.js";

const NAME = "otel-sentry-bridge send-test";
const TIMEOUT_MILLIS = 10_000;
const SPAN_MILLIS = 100;
const MAX_DETAIL_LENGTH = 300;

/** Sends an error event and a transaction of one trace, and prints the outcome of each. Resolves to the exit code. */
export async function runSendTest(dsn: string | undefined, terminal: Terminal): Promise<number> {
  const target = dsn ?? (optionsFromEnvironment().dsn || undefined);
  if (target === undefined)
    throw new UsageError("No DSN was given. Pass --dsn <dsn>, or set SENTRY_DSN.");
  const attempts = singleAttempts(target);
  let transactionId = "";
  const client = createClient({
    dsn: target,
    transport: attempts.transport,
    tracesSampleRate: 1,
    // The summary below replaces the client's report of lost items.
    silent: true,
    beforeSendTransaction: (event) => {
      transactionId = event.event_id;
      return event;
    },
  });
  const span = testSpan();
  const errorId = sendError(client.core, span);
  new SentrySpanExporter(client).export([span], () => {});
  await client.close(TIMEOUT_MILLIS);

  const { errors, transactions } = client.stats();
  terminal.print(`error event  ${errorId}  ${outcomeOf(errors)}`);
  terminal.print(`transaction  ${transactionId}  ${outcomeOf(transactions)}`);
  terminal.print(`trace        ${span.spanContext().traceId}`);
  if (errors.sent === 1 && transactions.sent === 1) return EXIT_OK;
  const what = errors.sent + transactions.sent === 0 ? "Nothing" : "Not everything";
  terminal.complain(
    `${what} was delivered to ${new URL(target).host}: ${printable(attempts.cause())}.`,
  );
  return EXIT_FAILED;
}

interface Attempts {
  readonly transport: Transport;
  /** Returns why an envelope was not delivered. */
  cause(): string;
}

// Creates a transport without retries, so that a failure is reported at once.
function singleAttempts(dsn: string): Attempts {
  let cause: string | undefined;
  let detail = "";
  const http = createHttpTransport({
    dsn: parseDsn(dsn),
    client: `${SDK_NAME}/${SDK_VERSION}`,
    proxyEnvironment: proxyFromEnvironment(),
    diagnostics: createDiagnostics({ warn: tell, debug: tell }),
    runDetached,
    onRefusalText: (text) => (detail ||= detailIn(text)),
  });
  return {
    transport: {
      async send(envelope, options) {
        const result = await http.send(envelope, options);
        cause ??= causeOf(result, envelope.body.length);
        return result;
      },
      close: () => http.close(),
    },
    cause: () =>
      (http.unanswered?.message ?? cause ?? "there was no answer") +
      (detail === "" ? "" : `; the answer says "${detail}"`),
  };
}

function causeOf(result: SendResult, bodyBytes: number): string | undefined {
  if (result.outcome === "delivered") return undefined;
  if (result.outcome === "retryable") return failureReason(result.error);
  return result.outcome === "limited"
    ? "the server's rate limit or the project's quota is used up (HTTP 429)"
    : rejectionMessage(result.statusCode, bodyBytes);
}

// Returns the reason in the body of a response. Relay responds with { detail, causes }; a proxy in front of it with an
// HTML page.
function detailIn(text: string): string {
  const answer = attempt<unknown>(() => JSON.parse(text), undefined);
  const causes = propertyOf(answer, "causes");
  const texts = [propertyOf(answer, "detail"), ...(Array.isArray(causes) ? causes : [])];
  return texts
    .filter((part) => typeof part === "string")
    .join(": ")
    .slice(0, MAX_DETAIL_LENGTH);
}

function tell(message: string): void {
  process.stderr.write(`${message}\n`);
}

function sendError(client: ClientCore, span: FinishedSpan): string {
  const { traceId, spanId } = span.spanContext();
  const hint = { eventId: newEventId(), timestamp: Date.now() / 1000 };
  const event = errorEventFromException(new Error(`${NAME}: all is well, this is a test`), hint);
  client.captureError({ event, scopes: [], trace: { traceId, spanId, parentSpanId: undefined } });
  return event.event_id;
}

function testSpan(): FinishedSpan {
  const identity = { traceId: randomHex(16), spanId: randomHex(8), traceFlags: 1 };
  const endMillis = Date.now();
  return {
    name: NAME,
    kind: 0,
    spanContext: () => identity,
    startTime: hrTime(endMillis - SPAN_MILLIS),
    endTime: hrTime(endMillis),
    status: { code: 1 },
    attributes: {},
    links: [],
    events: [],
    resource: { attributes: {} },
    instrumentationScope: { name: "otel-sentry-bridge" },
    droppedAttributesCount: 0,
    droppedEventsCount: 0,
    droppedLinksCount: 0,
  };
}

function hrTime(millis: number): [seconds: number, nanos: number] {
  const seconds = Math.floor(millis / 1000);
  return [seconds, Math.round((millis - seconds * 1000) * 1e6)];
}

function outcomeOf({ sent, dropped }: CategoryStats): string {
  if (sent > 0) return "delivered";
  const [reason = "no answer"] = Object.keys(dropped);
  return `not delivered (${reason})`;
}

function randomHex(bytes: number): string {
  return randomBytes(bytes).toString("hex");
}
