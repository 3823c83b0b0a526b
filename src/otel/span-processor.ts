import { diag, trace } from "@opentelemetry/api";
import type { Context, Span } from "@opentelemetry/api";

import { releaseClient } from "../client/public-client.js";
import type { SegmentView } from "../client/capture-input.js";
import type { ClientCore } from "../client/client-core.js";
import type { ErrorClient } from "../errors/error-reports.js";
import type { SelfMeasuringClient, OperationMetrics } from "./self-metrics.js";
import { ClientSpanExporter, isExported } from "./span-exporter.js";
import { observation } from "../support/observation.js";
import { processScopes } from "../scope/process-scopes.js";
import { SPAN_KIND, isIdentified } from "../trace/span.js";
import type { FinishedSpan, IdentifiedSpan, StartedSpan } from "../trace/span.js";
import type { SegmentAssembler } from "../spans/segment-assembler.js";
import type { Segment } from "../spans/segment.js";
import { createAssembler, createSpanFilter } from "../spans/client-assembler.js";
import { hasLocalParent, scopesOfRoot, unitOfLocalChild } from "../context/local-root.js";
import { checkContexts } from "../context/api-registration.js";
import { openRoots } from "../context/open-roots.js";
import { rememberRecordedErrors } from "../context/attribution.js";
import { createRootDecision } from "../spans/root-decision.js";
import type { RootDecision } from "../spans/root-decision.js";
import { recordBreadcrumbs } from "../errors/breadcrumbs.js";
import { ProcessorExceptions } from "../errors/span-exceptions.js";
import { SharedDestination } from "../spans/shared-destination.js";
import type { SpanFilter } from "../spans/client-assembler.js";
import { segmentView } from "../spans/segment-view.js";
import { assignUnit, openRootOf, unitOfSpan } from "../context/scope-context.js";
import { SpanEntries, closeRoot } from "../spans/span-entries.js";
import type { SpanEntry } from "../spans/span-entries.js";
import { SpanMonitor } from "../crons/span-monitor.js";
import type { CronClient } from "../crons/open-runs.js";
import { WaitingExceptions } from "../errors/root-exceptions.js";

/**
 * Turns spans into Sentry transactions. An OTel `SpanProcessor` for SDK 2.x and 3.x; it changes neither spans nor the
 * sampler, the context manager or other processors.
 * A transaction is sent when a local root and all its descendants have ended. No method throws.
 */
export class ClientSpanProcessor {
  readonly #core: ClientCore;
  readonly #client: ErrorClient & SelfMeasuringClient;
  readonly #operations: OperationMetrics;
  readonly #ownsClient: boolean;
  readonly #assembler: SegmentAssembler;
  readonly #entries = new SpanEntries();
  readonly #destination: SharedDestination;
  readonly #decide: RootDecision;
  readonly #monitor: SpanMonitor;
  readonly #isIgnored: SpanFilter | undefined;
  readonly #exceptions: ProcessorExceptions | undefined;
  /** True if spans are only counted. */
  readonly #isDisabled: boolean;
  /** Maximum number of breadcrumbs of spans per unit of work; 0 records none. */
  readonly #maxBreadcrumbs: number;
  #hasCheckedContexts = false;
  #stopWatching: (() => void) | undefined;
  /** For spans whose start was not seen; created for the first one. */
  #exporter: ClientSpanExporter | undefined;
  /** The spans that were passed to `#exporter`. */
  readonly #exported = new WeakSet<object>();
  #closing: Promise<void> | undefined;

  /** @internal `ownsClient`: `shutdown` closes the client instead of flushing it. */
  constructor(client: ErrorClient & CronClient & SelfMeasuringClient, ownsClient: boolean) {
    const { core, errors } = client;
    this.#operations = client.operations;
    this.#client = client;
    this.#core = core;
    this.#isDisabled = core.isDisabled;
    this.#ownsClient = ownsClient;
    this.#destination = new SharedDestination(core, this.#entries.slot);
    processScopes().defaultUnit.expectSpans();
    this.#assembler = createAssembler(core, (span) => this.#segmentOf(span));
    this.#decide = createRootDecision(core);
    this.#monitor = new SpanMonitor(client);
    const { ignoreSpans, spanExceptions, spanBreadcrumbs, maxBreadcrumbs } = core.settings;
    this.#isIgnored = createSpanFilter(ignoreSpans);
    this.#exceptions =
      spanExceptions === "none"
        ? undefined
        : new ProcessorExceptions({
            errors,
            isAll: spanExceptions === "all",
            waiting: new WaitingExceptions(core),
          });
    this.#maxBreadcrumbs = spanBreadcrumbs ? maxBreadcrumbs : 0;
  }

  /** @internal True once an SDK has started or ended a span, or has shut the processor down. */
  get isInUse(): boolean {
    return this.#hasCheckedContexts || this.#exporter !== undefined || this.#closing !== undefined;
  }

  /** @internal Sets a function that is called when `isInUse` becomes true. */
  whenInUse(stopWatching: () => void): void {
    this.#stopWatching = stopWatching;
  }

  /** Called by the SDK when a span starts. */
  onStart(span: StartedSpan, parentContext: Context): void {
    if (this.#closing !== undefined) return;
    let parent: Span | undefined;
    try {
      // Children of which nothing is sent are only counted. Their unit of work is found by the ids of their root.
      if (this.#isDisabled && isSampledChild(span)) this.#assembler.tally.begin();
      // A processor that is registered twice, or wrapped, is called twice for each span.
      else if (this.#entries.get(span) === undefined) {
        // Without `parentSpanContext` the span is a root, even if the context has a span: the SDK starts a new trace if the
        // ids of the parent are invalid.
        parent = span.parentSpanContext && trace.getSpan(parentContext);
        this.#start(span, parentContext, parent);
      }
      observation.observer?.started(span, parentContext, parent);
    } catch (error) {
      this.#warn("onStart threw an error; the span may be sent without its user and tags", error);
    }
  }

  /** Called by the SDK when a span ends. */
  onEnd(span: FinishedSpan): void {
    try {
      if (this.#isDisabled && isSampledChild(span)) this.#assembler.tally.endUncaptured();
      else {
        // Called before the segment ends, because the check-in needs the segment's sampling context.
        if (!this.#isDisabled) this.#monitor.end(span);
        this.#end(span);
      }
      observation.observer?.ended(span);
    } catch (error) {
      this.#warn("onEnd threw an error; the span may be missing", error);
    }
  }

  /** Sends all ended spans. Resolves when each has an outcome, or after `shutdownTimeoutMillis`. */
  async forceFlush(): Promise<void> {
    await this.#client.flush();
  }

  /** Flushes and stops. Open spans that end later are counted as `closed`; spans that start later are ignored. Idempotent. */
  shutdown(): Promise<void> {
    this.#closing ??= this.#shutdown();
    return this.#closing;
  }

  #start(span: StartedSpan, parentContext: Context, parent: Span | undefined): void {
    const entry = parent && this.#entries.get(parent);
    const segment = entry?.segment ?? (parent && this.#segmentByIds(parent));
    const isSampled = hasSampledFlag(span);
    if (segment === undefined) this.#startRoot(span, parentContext, isSampled);
    else {
      if (unitOfSpan(span) === undefined) assignUnit(span, unitOfLocalChild(parentContext, parent));
      if (isSampled) this.#startChild(span, segment, entry);
    }
    if (this.#isDisabled) return;
    rememberRecordedErrors(span);
    this.#monitor.start(span);
  }

  // Called only for local roots, and for children whose parent is known by its ids only.
  #segmentByIds(span: IdentifiedSpan): Segment | undefined {
    const root = openRootOf(span);
    return root === undefined ? undefined : this.#entries.ofRoot(root);
  }

  #startChild(span: StartedSpan, segment: Segment, parent: SpanEntry | undefined): void {
    // Before `join`, which counts the span: a span that cannot be written to is counted when it ends.
    this.#entries.add(span, segment, parent);
    this.#assembler.join(segment);
    const root = segment.openRoot;
    if (root?.ids !== undefined) openRoots.note(root, span.spanContext().spanId);
    if (this.#isIgnored?.(span) === true) {
      segment.takeOut(span.spanContext().spanId, span.parentSpanContext?.spanId);
    }
  }

  // Also starts a segment for a span whose local parent is unknown: the parent does not record, or it started before
  // this processor was added.
  #startRoot(span: StartedSpan, parentContext: Context, isSampled: boolean): void {
    this.#checkContexts();
    const scopes = scopesOfRoot(span, parentContext);
    assignUnit(span, scopes.unit);
    if (span.kind === SPAN_KIND.SERVER) scopes.unit.request = span.attributes;
    this.#core.learnResource(span.resource);
    if (!isSampled) return;
    this.#destination.check(span);
    const origin = this.#decide(span, scopes);
    const isIgnored = this.#isIgnored?.(span) === true;
    const segment = this.#assembler.begin(
      isIgnored ? { ...origin, fate: "ignored" } : origin,
      span,
    );
    this.#addRoot(span, segment);
    segment.openRoot = openRoots.begin(span.spanContext(), scopes);
    this.#entries.addRoot(segment.openRoot, segment);
  }

  #addRoot(span: StartedSpan, segment: Segment): void {
    try {
      this.#entries.add(span, segment);
    } catch (error) {
      // A span that cannot be written to is counted when it ends.
      this.#assembler.tally.takeBack();
      throw error;
    }
  }

  #segmentOf(span: object): SegmentView | undefined {
    const entry = this.#entries.get(span);
    if (entry !== undefined) return segmentView(entry.segment, entry);
    const segment = isIdentified(span) ? this.#segmentByIds(span) : undefined;
    return segment && segmentView(segment);
  }

  // Checked at the first root, because the context manager and the meter provider may be registered after this
  // processor is created.
  #checkContexts(): void {
    if (this.#hasCheckedContexts) return;
    this.#hasCheckedContexts = true;
    this.#stopWatching?.();
    checkContexts(this.#core.diagnostics);
    this.#operations.check();
  }

  #end(span: FinishedSpan): void {
    const entry = this.#entries.get(span);
    if (entry === undefined) return this.#endUnstarted(span);
    // A processor that is registered twice: see `onStart`.
    if (entry.hasEnded) return;
    entry.hasEnded = true;
    // Children that stay open must not keep the span alive.
    entry.span = undefined;
    // Called before `finish`, which sends the segment if this span is its root.
    if (!this.#isDisabled) this.#observe(entry, span);
    if (this.#closing === undefined) this.#assembler.finish(entry.segment, span);
    else this.#assembler.dropClosed(entry.segment, span);
    if (entry.segment.isComplete) closeRoot(entry.segment);
  }

  // Some libraries pass only finished spans to a processor: Temporal those of workflows, which start in a sandbox.
  #endUnstarted(span: FinishedSpan): void {
    if (this.#closing !== undefined || this.#exported.has(span) || !isExported(span)) return;
    this.#exported.add(span);
    if (this.#exporter === undefined) this.#stopWatching?.();
    this.#exporter ??= new ClientSpanExporter(this.#client, false);
    this.#exporter.export([span], () => {});
  }

  // A failure in breadcrumbs or exceptions must not lose the span.
  #observe(entry: SpanEntry, span: FinishedSpan): void {
    try {
      if (this.#maxBreadcrumbs > 0) recordBreadcrumbs(span, entry.segment, this.#maxBreadcrumbs);
      this.#exceptions?.ended(entry, span);
    } catch (error) {
      this.#warn(
        "onEnd threw an error while it recorded breadcrumbs and exceptions; the span is kept, but one of them may be missing",
        error,
      );
    }
  }

  async #shutdown(): Promise<void> {
    this.#stopWatching?.();
    this.#assembler.close();
    this.#exporter?.closeParts();
    this.#exceptions?.end();
    await releaseClient(this.#client, this.#ownsClient);
  }

  #warn(message: string, error: unknown): void {
    try {
      this.#core.diagnostics.warnOnce(`processor:${message}`, message, error);
    } catch {
      diag.error("otel-sentry-bridge: diagnostics failed");
    }
  }
}

const SAMPLED = 1;

function hasSampledFlag(span: IdentifiedSpan): boolean {
  return (span.spanContext().traceFlags & SAMPLED) !== 0;
}

function isSampledChild(span: StartedSpan): boolean {
  return hasLocalParent(span) && hasSampledFlag(span);
}
