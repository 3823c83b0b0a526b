import { TraceFlags } from "@opentelemetry/api";

import { releaseClient } from "../client/public-client.js";
import type { ClientCore } from "../client/client-core.js";
import type { Client } from "../client/public-client.js";
import type { ErrorClient } from "../errors/error-reports.js";
import type { SelfMeasuringClient, OperationMetrics } from "./self-metrics.js";
import { guardCallback } from "../support/diagnostics.js";
import { attempt } from "../support/foreign.js";
import { emptyUnit } from "../scope/unit.js";
import { BatchAssembler } from "../spans/batch-assembler.js";
import { localParentId } from "../trace/span.js";
import type { FinishedSpan } from "../trace/span.js";
import { BatchExceptions, MAX_ROOT_WAIT_MILLIS } from "../errors/batch-exceptions.js";
import { checkContexts, isRegistered } from "../context/api-registration.js";
import { SharedDestination } from "../spans/shared-destination.js";
import { createSpanFilter, encodingSettings } from "../spans/client-assembler.js";
import type { ContextScopes } from "../context/scope-context.js";
import { createRateDecision, createRootDecision } from "../spans/root-decision.js";
import { unitOfSpan } from "../context/scope-context.js";
import { detachedTimers, startDetachedTimer } from "../context/suppress-tracing.js";
import { addAssembler } from "../spans/add-assembler.js";
import { createTransactionForwarder } from "../spans/transaction-forwarder.js";
import type { TransactionForwarder } from "../spans/transaction-forwarder.js";
import { WaitingExceptions } from "../errors/root-exceptions.js";

/** Outcome of an export (OTel's `ExportResult`): code 0 is success, 1 is failure. */
export interface ExportOutcome {
  readonly code: 0 | 1;
  readonly error?: Error;
}

const EXPORT_CALLBACK = {
  name: "export callback",
  effect: "the outcome of the export is not affected",
};

/**
 * Builds transactions from finished spans. An OTel `SpanExporter` that supports concurrent exports, calls each callback
 * once, and never throws.
 */
export class ClientSpanExporter {
  readonly #core: ClientCore;
  readonly #client: Client;
  readonly #operations: OperationMetrics;
  readonly #ownsClient: boolean;
  readonly #assembler: BatchAssembler;
  readonly #exceptions: BatchExceptions | undefined;
  readonly #destination: SharedDestination;
  #hasExported = false;
  #stopWatching: (() => void) | undefined;
  #closing: Promise<void> | undefined;

  /** @internal `ownsClient`: `shutdown` closes the client instead of flushing it. */
  constructor(client: ErrorClient & SelfMeasuringClient, ownsClient: boolean) {
    const { core, errors } = client;
    this.#operations = client.operations;
    this.#client = client;
    this.#core = core;
    this.#ownsClient = ownsClient;
    this.#destination = new SharedDestination(core);
    const forwarder = createTransactionForwarder(core, detachedTimers);
    this.#assembler = createBatchAssembler(core, forwarder);
    addAssembler(core, this.#assembler, { forwarder });
    const { spanExceptions } = core.settings;
    if (spanExceptions !== "none")
      this.#exceptions = new BatchExceptions({
        errors,
        isAll: spanExceptions === "all",
        waiting: new WaitingExceptions(core),
      });
  }

  /** @internal True once an SDK has exported a batch, or has shut the exporter down. */
  get isInUse(): boolean {
    return this.#hasExported || this.#closing !== undefined;
  }

  /** @internal Sets a function that is called when `isInUse` becomes true. */
  whenInUse(stopWatching: () => void): void {
    this.#stopWatching = stopWatching;
  }

  /** Accepts finished spans. Success means that each span will be sent or counted as lost. */
  export(spans: readonly FinishedSpan[], resultCallback: (result: ExportOutcome) => void): void {
    const outcome: ExportOutcome =
      this.#closing === undefined
        ? this.#accept(spans)
        : { code: 1, error: new Error("the exporter was shut down") };
    guardCallback(this.#core.diagnostics, EXPORT_CALLBACK, () => resultCallback(outcome));
  }

  /** Sends everything that was exported, including spans that wait for their root. */
  async forceFlush(): Promise<void> {
    await this.#client.flush();
  }

  /** Flushes and stops; later exports fail. Idempotent. */
  shutdown(): Promise<void> {
    this.#closing ??= this.#shutdown();
    return this.#closing;
  }

  #accept(spans: readonly FinishedSpan[]): ExportOutcome {
    try {
      const sampled = spans.filter(isExported);
      for (const span of sampled) this.#core.learnResource(resourceOf(span));
      this.#assembler.accept(sampled);
      this.#observe(sampled);
      this.#checkSetup(sampled);
      return { code: 0 };
    } catch (error) {
      const message = "a batch of spans could not be exported; some of its spans may be lost";
      this.#core.diagnostics.warnOnce("exporter", message, error);
      return { code: 1, error: new Error(message, { cause: error }) };
    }
  }

  // Spans that are exported by hand, without a tracer provider, need no context manager.
  #checkSetup(spans: readonly FinishedSpan[]): void {
    const isFirst = !this.#hasExported;
    this.#hasExported = true;
    if (isFirst) {
      this.#stopWatching?.();
      this.#operations.check();
    }
    if (isFirst && isRegistered("trace"))
      attempt(() => checkContexts(this.#core.diagnostics), undefined);
    for (const span of spans) if (isRoot(span)) this.#noteRoot(span);
  }

  #noteRoot(root: FinishedSpan): void {
    this.#destination.check(root);
    this.#destination.mark(root);
  }

  // A failure while exceptions are read must not lose the spans.
  #observe(spans: readonly FinishedSpan[]): void {
    try {
      this.#exceptions?.accept(spans);
    } catch (error) {
      this.#core.diagnostics.warnOnce(
        "exporter-exceptions",
        "the exceptions of exported spans could not be read, so some errors are not reported. This is a bug in otel-sentry-bridge; please report it",
        error,
      );
    }
  }

  /** @internal Prepares for the last flush. Call `export` no more. */
  closeParts(): void {
    this.#assembler.close();
    this.#exceptions?.end();
  }

  async #shutdown(): Promise<void> {
    this.#stopWatching?.();
    this.closeParts();
    await releaseClient(this.#client, this.#ownsClient);
  }
}

function createBatchAssembler(client: ClientCore, forwarder: TransactionForwarder): BatchAssembler {
  const decide = createRootDecision(client);
  // `tracesSampler` needs the root span; for a segment whose root never arrives, only the sample rate can decide.
  const decideByRate = createRateDecision(client);
  return new BatchAssembler({
    encoding: encodingSettings(client),
    recorder: client.ledger.early,
    startTimer: startDetachedTimer,
    forwarder,
    isIgnored: createSpanFilter(client.settings.ignoreSpans),
    originOf: (root) => decide(root, scopesOfFinished(root)),
    originOfOrphan: (span) => decideByRate(span, scopesOfFinished(span)),
    maxWaitMillis: MAX_ROOT_WAIT_MILLIS,
    memory: client.memory,
  });
}

// Only a span processor sees in which unit of work a span starts. Without one only the global scope applies, because
// the default scope may hold data of any request.
function scopesOfFinished(span: FinishedSpan): ContextScopes {
  const unit = unitOfSpan(span) ?? emptyUnit();
  return { unit, current: undefined, incoming: undefined };
}

function resourceOf(span: FinishedSpan): FinishedSpan["resource"] | undefined {
  return attempt(() => span.resource, undefined);
}

/** Tells whether a span is sampled, or cannot be read: such a span is accepted, so that the assembler counts it as lost. */
export function isExported(span: FinishedSpan): boolean {
  try {
    return (span.spanContext().traceFlags & TraceFlags.SAMPLED) !== 0;
  } catch {
    return true;
  }
}

function isRoot(span: FinishedSpan): boolean {
  return attempt(() => localParentId(span) === undefined, false);
}
