import type { ReadEnvelope, ReadItem } from "./envelope-reader.js";
import { isJsonObject } from "./envelope-reader.js";

/** A received transaction, with types for the fields that tests use most. */
export interface ReceivedTransaction {
  readonly type: "transaction";
  readonly event_id?: string;
  readonly transaction: string;
  readonly transaction_info?: { readonly source?: string };
  /** Seconds since 1970. */
  readonly start_timestamp: number;
  readonly timestamp: number;
  readonly contexts: ReceivedContexts;
  readonly spans: readonly ReceivedSpan[];
  readonly tags?: Readonly<Record<string, string>>;
  readonly user?: ReceivedUser;
  readonly extra?: Readonly<Record<string, unknown>>;
  readonly breadcrumbs?: readonly ReceivedBreadcrumb[];
  readonly request?: Readonly<Record<string, unknown>>;
  readonly measurements?: Readonly<
    Record<string, { readonly value: number; readonly unit?: string }>
  >;
  readonly release?: string;
  readonly environment?: string;
  readonly server_name?: string;
  readonly platform?: string;
  readonly sdk?: Readonly<Record<string, unknown>>;
  readonly [key: string]: unknown;
}

/** A child span inside a transaction. */
export interface ReceivedSpan {
  readonly span_id: string;
  readonly trace_id: string;
  readonly parent_span_id?: string;
  readonly op?: string;
  readonly description?: string;
  readonly status?: string;
  readonly origin?: string;
  readonly start_timestamp: number;
  readonly timestamp: number;
  readonly data?: Readonly<Record<string, unknown>>;
  readonly links?: readonly Readonly<Record<string, unknown>>[];
  readonly [key: string]: unknown;
}

/** The trace context of an event; for a transaction this is its root span. */
export interface ReceivedTraceContext {
  readonly trace_id: string;
  readonly span_id: string;
  readonly parent_span_id?: string;
  readonly op?: string;
  readonly status?: string;
  readonly origin?: string;
  readonly data?: Readonly<Record<string, unknown>>;
  readonly links?: readonly Readonly<Record<string, unknown>>[];
  readonly [key: string]: unknown;
}

/** Contexts by name. */
interface ReceivedContexts {
  readonly trace?: ReceivedTraceContext;
  readonly [name: string]: Readonly<Record<string, unknown>> | undefined;
}

/** The user of an event. */
interface ReceivedUser {
  readonly id?: string | number;
  readonly email?: string;
  readonly username?: string;
  readonly ip_address?: string;
  readonly [key: string]: unknown;
}

/** One breadcrumb of an event. */
export interface ReceivedBreadcrumb {
  readonly timestamp?: number;
  readonly type?: string;
  readonly category?: string;
  readonly message?: string;
  readonly level?: string;
  readonly data?: Readonly<Record<string, unknown>>;
}

/** A received error or message event. */
export interface ReceivedError {
  readonly event_id?: string;
  readonly timestamp?: number;
  readonly level?: string;
  readonly message?: string | { readonly formatted?: string; readonly message?: string };
  readonly logentry?: Readonly<Record<string, unknown>>;
  readonly exception?: { readonly values: readonly ReceivedException[] };
  readonly transaction?: string;
  readonly contexts?: ReceivedContexts;
  readonly tags?: Readonly<Record<string, string>>;
  readonly user?: ReceivedUser;
  readonly extra?: Readonly<Record<string, unknown>>;
  readonly breadcrumbs?: readonly ReceivedBreadcrumb[];
  readonly fingerprint?: readonly string[];
  readonly request?: Readonly<Record<string, unknown>>;
  readonly release?: string;
  readonly environment?: string;
  readonly server_name?: string;
  readonly [key: string]: unknown;
}

/** One exception of a chain. */
interface ReceivedException {
  readonly type?: string;
  readonly value?: string;
  readonly mechanism?: Readonly<Record<string, unknown>>;
  readonly stacktrace?: { readonly frames: readonly Readonly<Record<string, unknown>>[] };
  readonly [key: string]: unknown;
}

/** Returns the transactions in envelopes, in order. Throws if one does not have the shape of a transaction. */
export function transactionsOf(envelopes: Iterable<ReadEnvelope>): ReceivedTransaction[] {
  return payloadsOf(envelopes, { type: "transaction", isValid: isTransaction });
}

/** Returns the error and message events in envelopes, in order. Throws if one is not an object. */
export function errorsOf(envelopes: Iterable<ReadEnvelope>): ReceivedError[] {
  return payloadsOf(envelopes, { type: "event", isValid: isEvent });
}

interface Kind<T> {
  readonly type: string;
  readonly isValid: (payload: unknown) => payload is T;
}

function payloadsOf<T>(envelopes: Iterable<ReadEnvelope>, { type, isValid }: Kind<T>): T[] {
  return [...envelopes]
    .flatMap((envelope) => envelope.items.filter((item) => item.header.type === type))
    .map((item) => {
      const payload = item.json();
      if (!isValid(payload)) throw shapeFault(item);
      return payload;
    });
}

// Checks only what distinguishes a transaction; its values are for the tests to assert.
function isTransaction(payload: unknown): payload is ReceivedTransaction {
  return (
    isEvent(payload) &&
    payload["type"] === "transaction" &&
    typeof payload["start_timestamp"] === "number" &&
    Array.isArray(payload["spans"]) &&
    isJsonObject(payload.contexts)
  );
}

function isEvent(payload: unknown): payload is ReceivedError {
  return isJsonObject(payload);
}

// Types whose payload is a JSON object. Attachments are not JSON, and unknown types may have any payload.
const OBJECT_TYPES = [
  "check_in",
  "client_report",
  "feedback",
  "log",
  "profile",
  "profile_chunk",
  "replay_event",
  "session",
  "sessions",
  "span",
  "trace_metric",
  "user_report",
];

const SHAPES: ReadonlyMap<string, (payload: unknown) => boolean> = new Map([
  ["event", isEvent],
  ["transaction", isTransaction],
  ...OBJECT_TYPES.map((type) => [type, isJsonObject] as const),
]);

/** Throws for the first item whose payload does not have the shape of its type. */
export function checkPayloads({ items }: ReadEnvelope): void {
  for (const item of items) {
    const isValid = SHAPES.get(item.header.type);
    if (isValid !== undefined && !isValid(item.json())) throw shapeFault(item);
  }
}

function shapeFault(item: ReadItem): Error {
  const shown = JSON.stringify(item.json())?.slice(0, 200);
  return new Error(
    `the payload of an item lacks fields of its type \`${item.header.type}\`, or has some of a wrong type: ${shown}`,
  );
}
