import type { SpanContext } from "@opentelemetry/api";

import { cut } from "../support/text.js";
import { ownEntries } from "../support/foreign.js";
import type { ResourceView, AttributeBag } from "../trace/span.js";
import { MAX_ITEM_ATTRIBUTES } from "./item-attributes.js";

/** A log record as the OTel SDKs 2.x and 3.x pass it to log record processors. */
export interface EmittedLogRecord {
  /** Seconds and nanoseconds since 1970. */
  readonly hrTime: readonly [number, number];
  readonly spanContext?: SpanContext | undefined;
  readonly severityNumber?: number | undefined;
  readonly severityText?: string | undefined;
  readonly body?: unknown;
  readonly eventName?: string | undefined;
  readonly attributes: AttributeBag;
  readonly instrumentationScope: { readonly name: string; readonly version?: string | undefined };
  readonly resource?: ResourceView | undefined;
}

// Matches `@opentelemetry/instrumentation-pino`, `@opentelemetry/winston-transport`.
const INSTRUMENTATION = /^(?:@[^/]+\/)?(?:[\w-]+-)?instrumentation-(.+)$/;
const TRANSPORT = /^(?:@[^/]+\/)?(?:opentelemetry-)?(\w+)-(?:transport|appender|bridge)$/;
const OTHER_LIBRARY = "otel";

const MAX_ORIGIN_LENGTH = 64;

/** Returns the Sentry origin of a log record: `auto.log.<library>`, or `auto.log.otel` if the library is unknown. */
export function originOfLogger(scopeName: unknown): string {
  if (typeof scopeName !== "string") return `auto.log.${OTHER_LIBRARY}`;
  const name = cut(scopeName, MAX_ORIGIN_LENGTH);
  const library = (INSTRUMENTATION.exec(name) ?? TRANSPORT.exec(name))?.[1];
  return `auto.log.${library?.replaceAll(/\W/g, "_") ?? OTHER_LIBRARY}`;
}

/** Returns the time of a record in seconds, rounded to microseconds; `nowMillis` replaces an invalid time. */
export function recordSeconds(time: unknown, nowMillis: number): number {
  const [seconds, nanos]: readonly unknown[] = Array.isArray(time) ? time : [];
  if (typeof seconds !== "number" || typeof nanos !== "number") return nowMillis / 1000;
  const micros = Math.round(seconds * 1e6 + nanos / 1000);
  return micros > 0 && micros <= Number.MAX_SAFE_INTEGER ? micros / 1e6 : nowMillis / 1000;
}

/** Returns the attributes of a record, with its origin, instrumentation scope and event name. */
export function attributesOfRecord(record: EmittedLogRecord): AttributeBag {
  const { instrumentationScope: scope, eventName } = record;
  const attributes: [string, unknown][] = [["sentry.origin", originOfLogger(scope.name)]];
  if (isText(scope.name)) attributes.push(["otel.scope.name", scope.name]);
  if (isText(scope.version)) attributes.push(["otel.scope.version", scope.version]);
  if (isText(eventName)) attributes.push(["event.name", eventName]);
  return Object.fromEntries([
    ...attributes,
    ...ownEntries<unknown>(record.attributes, MAX_ITEM_ATTRIBUTES),
  ]);
}

/** Tells whether a record has an exception (OTel semantic conventions: exceptions in logs). */
export function isException(attributes: AttributeBag): boolean {
  return (
    isText(attributes["exception.type"]) ||
    isText(attributes["exception.message"]) ||
    isText(attributes["exception.stacktrace"])
  );
}

function isText(value: unknown): value is string {
  return typeof value === "string" && value !== "";
}
