import type { Diagnostics } from "../support/diagnostics.js";
import type { Settings } from "../options/options.js";
import { isObjectLike } from "../support/foreign.js";
import { matchesNamed } from "../options/text-pattern.js";
import { dscJson, isUsable } from "../trace/dsc.js";
import type { DynamicSamplingContext } from "../trace/incoming-trace.js";
import type { DiscardReason, ItemCount } from "../protocol/data-category.js";
import type { EnvelopeParts } from "../protocol/envelope.js";
import type { JsonRecord } from "../protocol/error-event.js";
import { mergeScopes } from "../scope/merge.js";
import type { MergedScopes } from "../scope/merge.js";
import type { ScopeData } from "../scope/scope-data.js";
import type { AttachmentItems } from "./attachments.js";
import { attachmentItems } from "./attachments.js";
import {
  ONE_CHECK_IN,
  ONE_ERROR,
  ONE_FEEDBACK,
  transactionContents,
} from "../protocol/envelope-contents.js";
import { CheckInIdentities } from "./check-in-identities.js";
import type { ErrorCapture, ErrorTrace, TraceInput, TransactionInput } from "./capture-input.js";
import type { ResourceView } from "../trace/span-view.js";
import { encodeEvent } from "./encode-event.js";
import { finishErrorEvent, finishFeedback } from "./error-pipeline.js";
import { fitEvent } from "./fit-event.js";
import type { Eventual, HookRunner } from "./hook-runner.js";
import {
  SDK_HEADER_MEMBER,
  contextMembers,
  createProcessMembers,
  withIdentity,
} from "./process-members.js";
import type { ProcessSources } from "./process-identity.js";
import type { ProcessMembers } from "./process-members.js";
import { detectionOf, isPending } from "./resource-attributes.js";
import { scopeMembers } from "./scope-members.js";
import { createTraceContext } from "./sampling-context.js";
import { reportBrokenRules } from "./value-faults.js";
import type { TraceContextSource, TraceIdentity } from "./sampling-context.js";
import { runTransactionHooks } from "./transaction-pipeline.js";

/** What envelopes are built with. */
export interface BuilderParts extends ProcessSources {
  readonly settings: Settings;
  readonly diagnostics: Diagnostics;
  readonly publicKey: string;
  readonly orgId: string | undefined;
  /** Envelope header members beside the SDK's: the DSN, with a tunnel. */
  readonly headerMembers: string;
  readonly newEventId: () => string;
  readonly random: () => number;
}

/** The client's parts that call hooks, and say whether an event may wait for one. */
export interface HookParts {
  readonly hooks: HookRunner;
  readonly isFull: () => boolean;
  /** Scope data of the client itself. */
  readonly initialScopes: readonly ScopeData[];
}

/** What was built, or why there is nothing. */
export type BuildResult = BuiltEnvelope | Dropped;

interface Dropped {
  readonly dropped: DiscardReason;
}

/** An envelope's parts; `droppedSpans` left the transaction on the way. */
export interface BuiltEnvelope {
  readonly parts: EnvelopeParts;
  readonly droppedSpans: number;
  readonly attachments?: AttachmentItems;
}

/** A check-in of a monitored job. */
export interface CheckInCapture {
  readonly checkInId: string;
  /** What the job says, in the protocol's words. */
  readonly members: JsonRecord;
  readonly trace: ErrorTrace | undefined;
}

/** Logs or values of metrics that share an item. */
export interface ItemBatch {
  readonly category: "log_item" | "trace_metric";
  readonly itemType: string;
  /** Members of the item's header, as JSON text with a leading comma. */
  readonly itemMembers: string;
  /** JSON without lone surrogates. */
  readonly payload: string;
  /** What losing it costs. */
  readonly contents: readonly ItemCount[];
}

// Relay drops a transaction that started five days ago after a 200; six hours for clocks and the last retry.
const MAX_TRANSACTION_AGE_MILLIS = (5 * 24 - 6) * 3_600_000;

/** Builds the envelopes of one client: process, scopes and hooks applied. */
export class EnvelopeBuilder {
  readonly #parts: BuilderParts & HookParts;
  readonly #membersOf: (resource: ResourceView | undefined) => ProcessMembers;
  readonly #traceContext: TraceContextSource;
  readonly #checkIns = new CheckInIdentities();
  // The first resource that was seen: what belongs to no segment is described by it.
  #resource: ResourceView | undefined;

  constructor(parts: BuilderParts & HookParts) {
    this.#parts = parts;
    this.#membersOf = createProcessMembers(parts);
    this.#traceContext = createTraceContext(parts);
  }

  /** Takes note of a resource, and has its detectors waited for from now on. Never throws. */
  learnResource(resource: ResourceView | undefined): void {
    if (resource === this.#resource || !isObjectLike(resource)) return;
    this.#resource ??= resource;
    if (isPending(resource)) void detectionOf(resource);
  }

  /** The envelope of a transaction. */
  transaction(input: TransactionInput): Eventual<BuildResult> {
    const { settings } = this.#parts;
    this.learnResource(input.resource);
    if (isIgnored(input, settings)) return { dropped: "event_processor" };
    const members = this.#membersOfSegment(input.trace);
    const eventId = this.#parts.newEventId();
    const merged = mergeScopes(this.#allScopes(input.scopes), settings.maxBreadcrumbs);
    reportBrokenRules(this.#parts.diagnostics, merged.broken);
    // Member by member: a spread with members after it takes 2.5 µs.
    const { diagnostics, hooks, isFull } = this.#parts;
    const text = transactionJson({ input, members, eventId, merged, settings });
    const result = runTransactionHooks(text, {
      settings,
      diagnostics,
      hooks,
      isFull,
      processors: merged.eventProcessors,
      hint: { event_id: eventId },
    });
    const header = (): string =>
      this.#headerWith(this.#traceContext.jsonOfTransaction(input.trace, members));
    return this.#built(result, header, ({ json, droppedSpans }, headerMembers) => {
      const parts: EnvelopeParts = {
        eventId,
        category: "transaction",
        itemType: "transaction",
        payload: fitEvent(json, this.#parts.diagnostics),
        headerMembers,
        contents: transactionContents(input.spanCount - droppedSpans),
        expiresAtMillis: input.start * 1000 + MAX_TRANSACTION_AGE_MILLIS,
      };
      return { parts, droppedSpans };
    });
  }

  /** What events say of the process now. */
  processMembers(): ProcessMembers {
    return this.#membersOf(this.#resource);
  }

  /** The sampling context of a trace that starts here and that no processor has seen. */
  samplingContext(identity: TraceIdentity): DynamicSamplingContext | undefined {
    return this.#traceContext.ofTrace(identity, this.processMembers());
  }

  /** The sampling context of a segment, frozen by this. */
  segmentContext(trace: TraceInput): DynamicSamplingContext | undefined {
    return this.#traceContext.ofSegment(trace, this.#membersOfSegment(trace));
  }

  /** The envelope of an error event or feedback. */
  error(capture: ErrorCapture, segment: TraceInput | undefined): Eventual<BuildResult> {
    const { event, trace, category = "error" } = capture;
    const { settings } = this.#parts;
    const members = this.#membersOfSegment(segment);
    const scopes = this.#allScopes(capture.scopes);
    const merged = mergeScopes(scopes, settings.maxBreadcrumbs, capture.breadcrumbs?.());
    reportBrokenRules(this.#parts.diagnostics, merged.broken);
    const transaction = segment?.nameNow?.(trace?.route) ?? segment?.transaction;
    const around = { ...this.#parts, ...capture, merged, members, transaction };
    const result =
      category === "error" ? finishErrorEvent(event, around) : finishFeedback(event, around);
    const header = (): string => this.#header(this.#errorContext(trace, segment, members));
    return this.#built(result, header, ({ json }, headerMembers) => {
      const parts: EnvelopeParts = {
        eventId: event.event_id,
        category,
        itemType: category === "error" ? "event" : "feedback",
        payload: fitEvent(json, this.#parts.diagnostics),
        headerMembers,
        contents: category === "error" ? ONE_ERROR : ONE_FEEDBACK,
      };
      return { parts, droppedSpans: 0, attachments: attachmentItems(merged.attachments) };
    });
  }

  /** The envelope of a check-in. No hook, no sampling: a job's end must not get lost on the way. */
  checkIn(
    { checkInId, members, trace }: CheckInCapture,
    segment: TraceInput | undefined,
  ): BuildResult {
    const process = this.#membersOfSegment(segment);
    const { release, environment } = this.#checkIns.of(checkInId, process);
    const contexts = trace === undefined ? undefined : { trace: traceIds(trace) };
    const event = { check_in_id: checkInId, ...members, release, environment, contexts };
    const parts: EnvelopeParts = {
      category: "monitor",
      itemType: "check_in",
      payload: encodeEvent(event),
      headerMembers: this.#header(this.#errorContext(trace, segment, process)),
      contents: ONE_CHECK_IN,
      checkIn: {
        id: checkInId.replaceAll("-", "").toLowerCase(),
        isOpen: members["status"] === "in_progress",
        hasConfig: members["monitor_config"] !== undefined,
      },
    };
    return { parts, droppedSpans: 0 };
  }

  /** The envelope of collected items: without a trace, since each has its own. */
  batch({ category, itemType, itemMembers, payload, contents }: ItemBatch): BuildResult {
    const headerMembers = this.#header(undefined);
    const parts = { category, itemType, itemMembers, payload, contents, headerMembers };
    return { parts, droppedSpans: 0 };
  }

  #allScopes(scopes: readonly ScopeData[]): readonly ScopeData[] {
    const { initialScopes } = this.#parts;
    return initialScopes.length === 0 ? scopes : [...initialScopes, ...scopes];
  }

  #membersOfSegment(segment: TraceInput | undefined): ProcessMembers {
    const members = this.#membersOf(segment?.resource ?? this.#resource);
    if (segment === undefined) return members;
    const { release, environment } = members;
    segment.slot.identity ??= { release, environment };
    return withIdentity(members, segment.slot.identity);
  }

  // An event that waits for a hook says of the process what was known at its capture: so does its sampling context.
  #built<Finished extends object>(
    result: Eventual<Dropped | Finished>,
    header: () => string,
    build: (finished: Finished, headerMembers: string) => BuiltEnvelope,
  ): Eventual<BuildResult> {
    const early = result instanceof Promise ? header() : undefined;
    return this.#parts.hooks.andThen(result, (finished) =>
      "dropped" in finished ? finished : build(finished, early ?? header()),
    );
  }

  #errorContext(
    trace: ErrorTrace | undefined,
    segment: TraceInput | undefined,
    members: ProcessMembers,
  ): DynamicSamplingContext | undefined {
    return segment === undefined
      ? this.#traceContext.ofError(trace, members)
      : this.#traceContext.ofSegment(segment, members);
  }

  #header(dsc: DynamicSamplingContext | undefined): string {
    return this.#headerWith(dsc !== undefined && isUsable(dsc) ? dscJson(dsc) : undefined);
  }

  #headerWith(dsc: string | undefined): string {
    const trace = dsc === undefined ? "" : `,"trace":${dsc}`;
    return `${SDK_HEADER_MEMBER}${this.#parts.headerMembers}${trace}`;
  }
}

function isIgnored({ name, spanName = name, op }: TransactionInput, settings: Settings): boolean {
  const named = { names: [name, spanName], op };
  return settings.ignoreTransactions.some((pattern) => matchesNamed(named, pattern));
}

interface TransactionParts {
  readonly input: TransactionInput;
  readonly members: ProcessMembers;
  readonly eventId: string;
  readonly merged: MergedScopes;
  readonly settings: Settings;
}

function transactionJson(parts: TransactionParts): string {
  const { input, members, eventId, merged } = parts;
  const scopes = scopeMembers(merged, parts.settings);
  const status = input.responseStatusCode;
  const response = status === undefined ? "" : `,"response":{"status_code":${status}}`;
  // Where the scopes' contexts were too large to be sent, those of the process stay.
  const process = contextMembers(members, scopes.contexts === "" ? {} : merged.contexts);
  return `${input.openJson(eventId)}${members.json}${scopes.event},"contexts":{"trace":{${input.traceContext}}${response}${process}${scopes.contexts}}}`;
}

function traceIds({ traceId, spanId }: ErrorTrace): JsonRecord {
  return { trace_id: traceId, span_id: spanId };
}
