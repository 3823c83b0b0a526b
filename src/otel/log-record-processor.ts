import { context } from "@opentelemetry/api";
import type { Context } from "@opentelemetry/api";

import { releaseClient } from "../client/public-client.js";
import type { ClientCore } from "../client/client-core.js";
import type { Client } from "../client/public-client.js";
import { guardCallback } from "../support/diagnostics.js";
import type { LogCapture, LogClient } from "../logs/log-capture.js";
import { levelOfSeverity } from "../protocol/items.js";
import {
  attributesOfRecord,
  isException,
  originOfLogger,
  recordSeconds,
} from "../logs/log-records.js";
import type { EmittedLogRecord } from "../logs/log-records.js";
import { isTracingSuppressed } from "../context/suppress-tracing.js";
import type { ReportLoggedException } from "../errors/logged-exceptions.js";
import { correlationOf } from "../context/correlation.js";

const LOGGED_EXCEPTION = {
  name: "logged exception",
  effect: "the record is sent as a log only, without an error event",
};

/**
 * Turns OTel log records into Sentry logs, and records that have exceptions into error events. An OTel
 * `LogRecordProcessor`; no method throws.
 */
export class ClientLogRecordProcessor {
  readonly #core: ClientCore;
  readonly #client: Client;
  readonly #ownsClient: boolean;
  readonly #onException: ReportLoggedException | undefined;
  readonly #logs: LogCapture;
  #closing: Promise<void> | undefined;

  /** @internal `ownsClient`: `shutdown` closes the client instead of flushing it. */
  constructor(client: LogClient, ownsClient: boolean, onException?: ReportLoggedException) {
    this.#client = client;
    this.#core = client.core;
    this.#ownsClient = ownsClient;
    this.#onException = onException;
    this.#logs = client.logs;
  }

  /**
   * Called by the SDK for each record. Ignores records that are emitted while tracing is suppressed, as during requests
   * of this package.
   */
  onEmit(record: EmittedLogRecord, ctx?: Context): void {
    try {
      const emittedIn = ctx ?? context.active();
      if (!isTracingSuppressed(emittedIn)) this.#emit(record, emittedIn);
    } catch (error) {
      this.#fail(error);
    }
  }

  /** Sends all emitted records. Resolves when each has an outcome, or after `shutdownTimeoutMillis`. */
  async forceFlush(): Promise<void> {
    await this.#client.flush();
  }

  /** Flushes and stops. Records that are emitted later are counted as `closed`. Idempotent. */
  shutdown(): Promise<void> {
    this.#closing ??= this.#shutdown();
    return this.#closing;
  }

  #emit(record: EmittedLogRecord, ctx: Context): void {
    if (this.#closing === undefined && this.#isReported(record, ctx)) return;
    if (!this.#logs.isEnabled) return;
    if (this.#closing !== undefined) return this.#logs.drop("closed");
    this.#core.learnResource(record.resource);
    this.#logs.capture({
      timestamp: recordSeconds(record.hrTime, Date.now()),
      level: levelOfSeverity(record.severityNumber, record.severityText),
      message: record.body,
      attributes: attributesOfRecord(record),
      correlation: correlationOf(ctx, record.spanContext),
    });
  }

  #isReported(record: EmittedLogRecord, ctx: Context): boolean {
    const onException = this.#onException;
    if (onException === undefined || !isException(record.attributes)) return false;
    const { attributes, severityNumber, body } = record;
    const timestamp = recordSeconds(record.hrTime, Date.now());
    const origin = originOfLogger(record.instrumentationScope.name);
    const result = guardCallback(this.#core.diagnostics, LOGGED_EXCEPTION, () =>
      onException({ attributes, ctx, timestamp, severityNumber, body, origin }),
    );
    return result.ok && result.value;
  }

  async #shutdown(): Promise<void> {
    await releaseClient(this.#client, this.#ownsClient);
  }

  #fail(error: unknown): void {
    if (this.#logs.isEnabled) this.#logs.drop("internal_sdk_error");
    const what = "a log record was dropped, because reading it threw an error";
    this.#core.diagnostics.warnOnce("processor:onEmit", what, error);
  }
}
