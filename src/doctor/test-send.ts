import type { ClientCore } from "../client/client-core.js";
import { newEventId } from "../client/event-id.js";
import type { CategoryStats } from "../client/stats.js";
import { runDetached } from "../context/suppress-tracing.js";
import { createHttpTransport } from "../delivery/http/http-transport.js";
import { failureReason, rejectionMessage } from "../delivery/http/send-failures.js";
import type { SendResult, Transport } from "../delivery/transport.js";
import { errorEventFromException } from "../errors/exception-events.js";
import { proxyFromEnvironment } from "../options/env.js";
import { parseDsn } from "../protocol/dsn.js";
import { settingsClientOf } from "../setup/create-client.js";
import { SentrySpanExporter } from "../setup/otel-classes.js";
import { createDiagnostics } from "../support/diagnostics.js";
import { attempt, propertyOf } from "../support/foreign.js";
import { writeStandardError } from "../support/setup-faults.js";
import type { FinishedSpan } from "../trace/span.js";
import { SDK_NAME, SDK_VERSION } from "../version.js";

const TIMEOUT_MILLIS = 10_000;
const SPAN_MILLIS = 100;
const MAX_DETAIL_LENGTH = 300;

/** Where a test transaction goes, and what is sent beside it. */
interface TestRequest {
  readonly dsn: string;
  /** Also sends an error event of the same trace. */
  readonly isWithError: boolean;
  /** Name of the transaction; default `otel-sentry-bridge doctor`. */
  readonly name?: string;
}

/** The result of a test. */
export interface TestSend {
  readonly traceId: string;
  readonly transactionId: string;
  readonly errorId: string;
  /** `delivered`, or why not. */
  readonly transaction: string;
  readonly error: string;
  /** Why something was not delivered, as a clause. */
  readonly cause: string;
  /** Status of the answer that refused it; undefined without such an answer. */
  readonly statusCode: number | undefined;
  /** From the request to the answer. */
  readonly millis: number;
  /** This clock minus that of the server; undefined if the answer has no date. */
  readonly skewMillis: number | undefined;
}

/** Sends a transaction, each envelope once, and tells what became of it. Rejects only with `OptionsError`. */
export async function sendTestItems(request: TestRequest): Promise<TestSend> {
  const attempts = new SingleAttempts(request);
  let transactionId = "";
  const client = settingsClientOf({
    dsn: request.dsn,
    transport: attempts,
    tracesSampleRate: 1,
    // The result of this function replaces the client's report of lost items.
    silent: true,
    beforeSendTransaction: (event) => {
      transactionId = event.event_id;
      return event;
    },
  });
  const span = testSpan(request.name ?? "otel-sentry-bridge doctor");
  const errorId = request.isWithError ? sendError(client.core, span) : "";
  new SentrySpanExporter(client).export([span], () => {});
  await client.close(TIMEOUT_MILLIS);
  const { errors, transactions } = client.stats();
  const { statusCode, millis, skewMillis } = attempts;
  return {
    traceId: span.spanContext().traceId,
    transactionId,
    errorId,
    transaction: outcomeOf(transactions),
    error: outcomeOf(errors),
    cause: attempts.cause(),
    statusCode,
    millis,
    skewMillis,
  };
}

// A transport without retries, so that a failure is reported at once.
class SingleAttempts implements Transport {
  statusCode: number | undefined = undefined;
  millis: number = 0;
  skewMillis: number | undefined = undefined;
  readonly #http: ReturnType<typeof createHttpTransport>;
  #cause: string | undefined;
  #detail = "";
  #isPage = false;

  constructor({ dsn }: TestRequest) {
    this.#http = createHttpTransport({
      dsn: parseDsn(dsn),
      client: `${SDK_NAME}/${SDK_VERSION}`,
      proxyEnvironment: proxyFromEnvironment(),
      diagnostics: createDiagnostics({ warn: writeStandardError, debug: writeStandardError }),
      runDetached,
      onRefusalText: (text) => (this.#detail ||= detailIn(text)),
      onPage: () => (this.#isPage = true),
      onDate: (date) => (this.skewMillis ??= skewOf(date)),
    });
  }

  async send(...[envelope, options]: Parameters<Transport["send"]>): Promise<SendResult> {
    const startedAt = performance.now();
    const answer = await this.#http.send(envelope, options);
    const isPage = this.#isPage && answer.outcome === "delivered";
    const result: SendResult = isPage ? { ...answer, outcome: "rejected" } : answer;
    this.millis = performance.now() - startedAt;
    if (result.outcome === "rejected" || result.outcome === "limited")
      this.statusCode ??= result.statusCode;
    this.#cause ??= this.#isPage ? PAGE : causeOf(result, envelope.body.length);
    return result;
  }

  close(): Promise<void> {
    return this.#http.close();
  }

  /** Returns why an envelope was not delivered. */
  cause(): string {
    const reason = this.#http.unanswered?.message ?? this.#cause ?? "there was no answer";
    return this.#detail === "" ? reason : `${reason}; the answer says "${this.#detail}"`;
  }
}

const PAGE = "the answer is an HTML page of another server or a login page";

// A date has whole seconds: half a second is the middle of what it may mean.
function skewOf(date: string): number | undefined {
  const serverMillis = Date.parse(date) + 500;
  return Number.isNaN(serverMillis) ? undefined : Date.now() - serverMillis;
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

function sendError(client: ClientCore, span: FinishedSpan): string {
  const { traceId, spanId } = span.spanContext();
  const hint = { eventId: newEventId(), timestamp: Date.now() / 1000 };
  const event = errorEventFromException(
    new Error(`${span.name}: all is well, this is a test`),
    hint,
  );
  client.captureError({ event, scopes: [], trace: { traceId, spanId, parentSpanId: undefined } });
  return event.event_id;
}

function testSpan(name: string): FinishedSpan {
  const identity = { traceId: newEventId(), spanId: newEventId().slice(16), traceFlags: 1 };
  const endMillis = Date.now();
  return {
    name,
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
