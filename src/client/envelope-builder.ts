import type { Diagnostics } from "../support/diagnostics.js";
import type { Settings } from "../options/options.js";
import { isObjectLike } from "../support/foreign.js";
import { guardMethods } from "../support/guard.js";
import { dscJson, isValidDsc } from "../trace/dsc.js";
import type { DynamicSamplingContext } from "../trace/headers.js";
import type { DataCategory, DiscardReason } from "../protocol/data-category.js";
import type { UnencodedEnvelope } from "../protocol/envelope.js";
import type { JsonRecord } from "../protocol/events.js";
import { mergeScopes } from "../scope/merge.js";
import type { ScopeData } from "../scope/scope-data.js";
import type { AttachmentItems } from "./attachments.js";
import { attachmentItems } from "./attachments.js";
import {
  ONE_CHECK_IN,
  ONE_ERROR,
  ONE_FEEDBACK,
  transactionContents,
} from "../protocol/data-category.js";
import { CheckInIdentities } from "./process-identity.js";
import type {
  CheckInCapture,
  ErrorCapture,
  TraceContext,
  ItemBatch,
  SegmentView,
  TransactionInput,
} from "./capture-input.js";
import type { ResourceView } from "../trace/span.js";
import { encodeEvent, fitEvent } from "./encode-event.js";
import { finishErrorEvent, finishFeedback } from "./error-pipeline.js";
import type { MaybePromise, HookRunner } from "./hooks.js";
import { SDK_HEADER_JSON, createProcessData, withSegmentIdentity } from "./process-data.js";
import type { ProcessSources } from "./process-identity.js";
import type { ProcessData } from "./process-data.js";
import { startDetectors, hasPendingAttributes } from "./resource-attributes.js";
import { createSamplingContexts } from "./sampling-context.js";
import { reportBrokenRules } from "./value-faults.js";
import type { SamplingContexts } from "./sampling-context.js";
import { isIgnored, runTransactionHooks, transactionJson } from "./transaction-pipeline.js";
import type { WaitingEvent } from "./waiting-events.js";

/** Settings and functions used to build envelopes. */
export interface BuilderDependencies extends ProcessSources {
  readonly settings: Settings;
  readonly diagnostics: Diagnostics;
  readonly publicKey: string;
  readonly orgId: string | undefined;
  /** Additional fields of the envelope header, as JSON with leading commas: the DSN if there is a tunnel. */
  readonly headerJson: string;
  readonly newEventId: () => string;
  readonly random: () => number;
}

/** The dependencies that call hooks, and limit the events that wait for them. */
export interface HookDependencies {
  readonly hooks: HookRunner;
  readonly makeRoom: (category: DataCategory) => boolean;
  /** Scope data of the option `initialScope`. */
  readonly initialScopes: readonly ScopeData[];
}

/** A built envelope, or the reason why the event was dropped. */
export type BuildResult = BuiltEnvelope | Dropped;

interface Dropped {
  readonly dropped: DiscardReason;
}

/** An envelope that is not encoded yet, and the number of spans that hooks removed from its transaction. */
export interface BuiltEnvelope {
  readonly content: UnencodedEnvelope;
  readonly droppedSpans: number;
  readonly attachments?: AttachmentItems;
}

// Relay answers 200 and drops a transaction that started five days ago. The six hours allow for clock skew and the last
// retry.
const MAX_TRANSACTION_AGE_MILLIS = (5 * 24 - 6) * 3_600_000;

/**
 * Builds the envelopes of one client: adds process data and scopes, and runs the hooks. An event that cannot be built is
 * dropped, with a diagnostic; no method throws.
 */
export class EnvelopeBuilder {
  readonly #dependencies: BuilderDependencies & HookDependencies;
  readonly #processDataOf: (resource: ResourceView | undefined) => ProcessData;
  readonly #samplingContexts: SamplingContexts;
  readonly #checkIns = new CheckInIdentities();
  // The first resource that was seen; it describes the process in events that belong to no segment.
  #resource: ResourceView | undefined;

  static {
    function notBuilt(this: EnvelopeBuilder, error: unknown): Dropped {
      reportNotBuilt(this.#dependencies.diagnostics, error);
      return { dropped: "internal_sdk_error" };
    }
    guardMethods<EnvelopeBuilder>(EnvelopeBuilder.prototype, {
      batch: notBuilt,
      checkIn: notBuilt,
      error: notBuilt,
      learnResource: "passes",
      processData: "passes",
      samplingContext: "passes",
      segmentContext: "passes",
      transaction: notBuilt,
    });
  }

  constructor(dependencies: BuilderDependencies & HookDependencies) {
    this.#dependencies = dependencies;
    this.#processDataOf = createProcessData(dependencies);
    this.#samplingContexts = createSamplingContexts(dependencies);
  }

  /** Remembers the first resource, and starts to wait for asynchronous detectors. Never throws. */
  learnResource(resource: ResourceView | undefined): void {
    if (resource === this.#resource || !isObjectLike(resource)) return;
    this.#resource ??= resource;
    if (hasPendingAttributes(resource)) void startDetectors(resource);
  }

  /** Builds the envelope of a transaction. */
  transaction(input: TransactionInput): MaybePromise<BuildResult> {
    const { settings, diagnostics, hooks, makeRoom } = this.#dependencies;
    this.learnResource(input.resource);
    if (isIgnored(input, settings)) return { dropped: "event_processor" };
    const processData = this.#processDataOfSegment(input.trace);
    const eventId = this.#dependencies.newEventId();
    const merged = mergeScopes(this.#allScopes(input.scopes), settings.maxBreadcrumbs);
    reportBrokenRules(diagnostics, merged.broken);
    const text = transactionJson({ input, processData, eventId, merged, settings });
    // Listed property by property, because an object spread followed by properties takes 2.5 µs.
    const result = runTransactionHooks(text.json, {
      settings,
      diagnostics,
      hooks,
      makeRoom,
      processors: merged.eventProcessors,
      hint: { event_id: eventId },
    });
    const header = (): string =>
      this.#headerWith(this.#samplingContexts.jsonOfTransaction(input.trace, processData));
    return this.#built(result, header, ({ json, droppedSpans }, headerJson) => {
      const bytes = json === text.json ? text.bytes : undefined;
      const payload = fitEvent(json, diagnostics, bytes);
      const content: UnencodedEnvelope = {
        eventId,
        category: "transaction",
        itemType: "transaction",
        payload,
        payloadBytes: payload === json ? bytes : undefined,
        headerJson,
        contents: transactionContents(input.spanCount - droppedSpans),
        expiresAtMillis: input.start * 1000 + MAX_TRANSACTION_AGE_MILLIS,
      };
      return { content, droppedSpans };
    });
  }

  /** Returns the release, environment and further process data that events carry now. */
  processData(): ProcessData {
    return this.#processDataOf(this.#resource);
  }

  /** Returns the sampling context of a trace that starts in this process without a span that a processor saw start. */
  samplingContext(traceId: string, isRecorded: boolean): DynamicSamplingContext | undefined {
    return this.#samplingContexts.ofTrace({ traceId, isRecorded }, this.processData());
  }

  /** Returns the sampling context of a segment, and freezes it. */
  segmentContext(trace: SegmentView): DynamicSamplingContext | undefined {
    return this.#samplingContexts.ofSegment(trace, this.#processDataOfSegment(trace));
  }

  /**
   * Builds the envelope of an error event or feedback. Sets the length of `waiting`, in case the event must wait for
   * hooks.
   */
  error(
    capture: ErrorCapture,
    segment: SegmentView | undefined,
    waiting: WaitingEvent,
  ): MaybePromise<BuildResult> {
    const { event, trace, category = "error" } = capture;
    const { settings } = this.#dependencies;
    const processData = this.#processDataOfSegment(segment);
    const scopes = this.#allScopes(capture.scopes);
    const merged = mergeScopes(scopes, settings.maxBreadcrumbs, capture.breadcrumbs?.());
    reportBrokenRules(this.#dependencies.diagnostics, merged.broken, true);
    const transaction = segment?.nameNow?.(trace?.route) ?? segment?.transaction;
    // Not with spreads: properties that follow those of two objects take 30 µs.
    const own = { merged, processData, transaction, waiting };
    const around = Object.assign(own, this.#dependencies, capture);
    const result =
      category === "error" ? finishErrorEvent(event, around) : finishFeedback(event, around);
    const header = (): string => this.#header(this.#errorContext(trace, segment, processData));
    return this.#built(result, header, ({ json }, headerJson) => {
      const content: UnencodedEnvelope = {
        eventId: event.event_id,
        category,
        itemType: category === "error" ? "event" : "feedback",
        payload: fitEvent(json, this.#dependencies.diagnostics),
        headerJson,
        contents: category === "error" ? ONE_ERROR : ONE_FEEDBACK,
      };
      return { content, droppedSpans: 0, attachments: attachmentItems(merged.attachments) };
    });
  }

  /** Builds the envelope of a check-in. No hook and no sampling applies, because a lost check-in would make the run time out. */
  checkIn(
    { checkInId, fields, trace }: CheckInCapture,
    segment: SegmentView | undefined,
  ): BuildResult {
    const process = this.#processDataOfSegment(segment);
    const { release, environment } = this.#checkIns.of(checkInId, process);
    const contexts = trace === undefined ? undefined : { trace: traceIds(trace) };
    const event = { check_in_id: checkInId, ...fields, release, environment, contexts };
    const content: UnencodedEnvelope = {
      category: "monitor",
      itemType: "check_in",
      payload: encodeEvent(event),
      headerJson: this.#header(this.#errorContext(trace, segment, process)),
      contents: ONE_CHECK_IN,
      checkIn: {
        id: checkInId.replaceAll("-", "").toLowerCase(),
        isOpen: fields["status"] === "in_progress",
        hasConfig: fields["monitor_config"] !== undefined,
      },
    };
    return { content, droppedSpans: 0 };
  }

  /** Builds the envelope of a batch, without a trace header: each item has a trace of its own. */
  batch({ category, itemType, itemHeaderJson, payload, contents }: ItemBatch): BuildResult {
    const headerJson = this.#header(undefined);
    const content = { category, itemType, itemHeaderJson, payload, contents, headerJson };
    return { content, droppedSpans: 0 };
  }

  #allScopes(scopes: readonly ScopeData[]): readonly ScopeData[] {
    const { initialScopes } = this.#dependencies;
    return initialScopes.length === 0 ? scopes : [...initialScopes, ...scopes];
  }

  #processDataOfSegment(segment: SegmentView | undefined): ProcessData {
    const processData = this.#processDataOf(segment?.resource ?? this.#resource);
    if (segment === undefined) return processData;
    const { release, environment } = processData;
    segment.slot.identity ??= { release, environment };
    return withSegmentIdentity(processData, segment.slot.identity);
  }

  // If the event waits for a hook, its header is built before the wait, so that both describe the process as of the
  // capture.
  #built<Finished extends object>(
    result: MaybePromise<Dropped | Finished>,
    header: () => string,
    build: (finished: Finished, headerJson: string) => BuiltEnvelope,
  ): MaybePromise<BuildResult> {
    if (!(result instanceof Promise)) return "dropped" in result ? result : build(result, header());
    const early = header();
    return this.#dependencies.hooks.andThen(result, (finished) =>
      "dropped" in finished ? finished : build(finished, early),
    );
  }

  #errorContext(
    trace: TraceContext | undefined,
    segment: SegmentView | undefined,
    processData: ProcessData,
  ): DynamicSamplingContext | undefined {
    return segment === undefined
      ? this.#samplingContexts.ofError(trace, processData)
      : this.#samplingContexts.ofSegment(segment, processData);
  }

  #header(dsc: DynamicSamplingContext | undefined): string {
    return this.#headerWith(dsc !== undefined && isValidDsc(dsc) ? dscJson(dsc) : undefined);
  }

  #headerWith(dsc: string | undefined): string {
    const trace = dsc === undefined ? "" : `,"trace":${dsc}`;
    return `${SDK_HEADER_JSON}${this.#dependencies.headerJson}${trace}`;
  }
}

/** Logs that an event was dropped because of an error in this package. */
export function reportNotBuilt(diagnostics: Diagnostics, error: unknown): void {
  const message =
    "an event could not be encoded; it was dropped. This is a bug in otel-sentry-bridge; please report it";
  diagnostics.warnOnce("client", message, error);
}

function traceIds({ traceId, spanId }: TraceContext): JsonRecord {
  return { trace_id: traceId, span_id: spanId };
}
