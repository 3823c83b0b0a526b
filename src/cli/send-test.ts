import { randomBytes } from "node:crypto";

import { errorEventFromException } from "../errors/exception-events.js";
import type { SentryClient } from "../client/client.js";
import type { CategoryStats } from "../client/stats.js";
import { createDiagnostics } from "../support/diagnostics.js";
import { optionsFromEnvironment, proxyFromEnvironment } from "../options/env.js";
import { runDetached } from "../context/suppress.js";
import { parseDsn } from "../protocol/dsn.js";
import { createClient } from "../setup/create-client.js";
import { newEventId } from "../client/event-id.js";
import { SentrySpanExporter } from "../setup/otel-parts.js";
import { createHttpTransport } from "../delivery/http/http-transport.js";
import type { Transport } from "../delivery/transport.js";
import { SDK_NAME, SDK_VERSION } from "../version.js";
import type { FinishedSpan } from "../trace/span.js";
import { EXIT_FAILED, EXIT_OK, UsageError } from "./exit-code.js";
import type { Terminal } from "./terminal.js";

const NAME = "otel-sentry-bridge send-test";
const TIMEOUT_MILLIS = 10_000;
const SPAN_MILLIS = 100;

/** Sends an error event and a transaction of one trace; says what became of each. */
export async function runSendTest(dsn: string | undefined, terminal: Terminal): Promise<number> {
  const target = dsn ?? (optionsFromEnvironment().dsn || undefined);
  if (target === undefined) throw new UsageError("Where to? Give --dsn <dsn>, or set SENTRY_DSN.");
  let transactionId = "";
  const client = createClient({
    dsn: target,
    transport: singleAttempts(target),
    tracesSampleRate: 1,
    // What goes wrong on the way is told on the standard error stream.
    debug: true,
    beforeSendTransaction: (event) => {
      transactionId = event.event_id;
      return event;
    },
  });
  const span = testSpan();
  const errorId = sendError(client, span);
  new SentrySpanExporter(client).export([span], () => {});
  await client.close(TIMEOUT_MILLIS);

  const { errors, transactions } = client.stats();
  terminal.print(`error event  ${errorId}  ${outcomeOf(errors)}`);
  terminal.print(`transaction  ${transactionId}  ${outcomeOf(transactions)}`);
  terminal.print(`trace        ${span.spanContext().traceId}`);
  if (errors.sent === 1 && transactions.sent === 1) return EXIT_OK;
  terminal.complain(
    `Not everything was delivered to ${new URL(target).host}: check the DSN, and the way to its host.`,
  );
  return EXIT_FAILED;
}

// Each envelope once: what it meets with is what a person wants to know, and at once.
function singleAttempts(dsn: string): Transport {
  return createHttpTransport({
    dsn: parseDsn(dsn),
    client: `${SDK_NAME}/${SDK_VERSION}`,
    proxyEnvironment: proxyFromEnvironment(),
    diagnostics: createDiagnostics({ warn: tell, debug: tell }),
    runDetached,
  });
}

function tell(message: string): void {
  process.stderr.write(`${message}\n`);
}

function sendError(client: SentryClient, span: FinishedSpan): string {
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
  const [reason = `no answer in ${TIMEOUT_MILLIS / 1000} s`] = Object.keys(dropped);
  return `not delivered (${reason})`;
}

function randomHex(bytes: number): string {
  return randomBytes(bytes).toString("hex");
}
