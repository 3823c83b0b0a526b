import { addContextLines } from "./context-lines.js";
import { debugImages } from "./debug-images.js";
import { errorEventFromException, errorEventFromRecorded } from "./exception-events.js";
import { errorProperties } from "./error-properties.js";
import type { ExceptionHint, RecordedException } from "./exception-events.js";
import type { CaptureMechanism } from "./exception-values.js";
import { ReportedErrors, textOfError, textOfRecorded } from "./reported-errors.js";
import type { ErrorForm, SeenError } from "./reported-errors.js";
import type { ErrorCapture } from "../client/capture-input.js";
import { ONE_ERROR } from "../protocol/data-category.js";
import type { ClientCore } from "../client/client-core.js";
import { attempt } from "../support/foreign.js";
import type { ErrorEvent, JsonRecord, SeverityLevel } from "../protocol/events.js";
import { scopeData } from "../scope/merge.js";
import { processScopes } from "../scope/process-scopes.js";
import type { Scope } from "../scope/scope.js";
import type { Unit } from "../scope/unit.js";
import { requestDataOf } from "../semantics/request-data.js";
import type { Attribution } from "../context/attribution.js";
import type { RegisteredClient } from "../context/global-client.js";
import { breadcrumbsOfError } from "./breadcrumbs.js";

/** Parameters of a report that all events have. */
interface EventReport {
  readonly attribution: Attribution;
  /** Scope of this event only; takes precedence over all others. */
  readonly own?: Scope | undefined;
}

/** Parameters of the report of an error. */
interface ErrorReport extends EventReport {
  readonly mechanism?: CaptureMechanism | undefined;
  readonly level?: SeverityLevel | undefined;
  /** Default: `object`, as for a capture. */
  readonly form?: ErrorForm | undefined;
  /** Milliseconds since 1970. */
  readonly atMillis: number;
  /** Stack trace of the capturing call, for a value that is not an error. */
  readonly syntheticStack?: string | undefined;
}

/** Properties of an event that are not part of its JSON. */
export interface EventKind {
  readonly category?: "error" | "feedback";
  readonly originalException?: unknown;
  readonly enrich?: ErrorCapture["enrich"];
}

type Describe = (hint: ExceptionHint) => { readonly event: ErrorEvent; readonly kind: EventKind };

/** Reports errors, messages and feedback through one client. No method throws. */
export class ErrorReports {
  readonly client: ClientCore;
  readonly #reported = new ReportedErrors();

  constructor(client: ClientCore) {
    this.client = client;
  }

  /**
   * Reports a thrown value, once per trace, however many spans, captures and log records have seen it. Returns the id of
   * its event, or of the earlier event.
   */
  reportThrown(thrown: unknown, report: ErrorReport): string {
    const seen = { form: "object", error: thrown, text: textOfError(thrown) } as const;
    if (report.mechanism?.handled === false && report.form === undefined)
      this.#reported.noteFailure(report.attribution.trace.traceId, report.atMillis);
    const describe: Describe = (hint) => ({
      event: withProperties(errorEventFromException(thrown, hint), thrown, this.client),
      kind: { originalException: thrown },
    });
    return this.#reportOnce({ ...seen, atMillis: report.atMillis }, { ...report, describe });
  }

  /** Reports an exception that a span or a log record holds as texts only. Otherwise like `reportThrown`. */
  reportRecorded(
    recorded: RecordedException,
    report: ErrorReport & { readonly form: ErrorForm },
  ): string {
    const { form, atMillis } = report;
    const seen = { form, text: textOfRecorded(recorded), atMillis };
    const describe: Describe = (hint) => ({
      event: errorEventFromRecorded(recorded, hint),
      kind: {},
    });
    return this.#reportOnce(seen, { ...report, describe });
  }

  /** Sends an event with the scopes, breadcrumbs, request data and trace that it is attributed to. */
  reportEvent(
    event: ErrorEvent,
    { attribution, own, category = "error", originalException, enrich }: EventReport & EventKind,
  ): void {
    const { unit, current } = attribution.scopes;
    if (category === "error") unit.lastEventId = event.event_id;
    this.client.captureError({
      event,
      enrich,
      category,
      originalException,
      scopes: scopeData(processScopes().global, unit.isolation, current, own),
      breadcrumbs: () => breadcrumbsOfError(attribution, this.client, event.timestamp),
      trace: attribution.trace,
      request: requestOfUnit(unit, this.client),
    });
  }

  /**
   * Returns the time at which an unhandled error of the trace was last captured, in milliseconds since 1970; undefined
   * if there was none.
   */
  failureOfTrace(traceId: string): number | undefined {
    return this.#reported.failureOf(traceId);
  }

  #reportOnce(seen: SeenError, report: ErrorReport & { readonly describe: Describe }): string {
    const { client } = this;
    // Checked before the error is remembered as reported, so that a later capture still creates an event.
    if (client.refusesReentry(ONE_ERROR)) return client.newEventId();
    // By trace instead of by unit, because nested spans may belong to different units.
    const owner = report.attribution.trace.traceId;
    const known = this.#reported.find(owner, seen);
    if (known !== undefined) return known;
    const { mechanism, level, atMillis, syntheticStack } = report;
    const eventId = client.newEventId();
    this.#reported.add(owner, seen, eventId);
    const hint = { eventId, timestamp: atMillis / 1000, mechanism, syntheticStack };
    const { event, kind } = report.describe(hint);
    const enrich = (each: ErrorEvent): ErrorEvent =>
      withSources(each, client.settings.frameContextLines);
    this.reportEvent(level === undefined ? event : { ...event, level }, {
      ...report,
      ...kind,
      enrich,
    });
    return eventId;
  }
}

/** A client with its error reports. */
export interface ErrorClient extends RegisteredClient {
  readonly errors: ErrorReports;
}

function withProperties(event: ErrorEvent, thrown: unknown, { settings }: ClientCore): ErrorEvent {
  const depth = settings.errorProperties;
  const contexts = depth === false ? undefined : errorProperties(thrown, depth);
  return contexts === undefined ? event : { ...event, contexts };
}

function withSources(event: ErrorEvent, lines: number): ErrorEvent {
  const { values = [] } = event.exception ?? {};
  addContextLines(values, lines);
  const images = debugImages(values);
  return images === undefined
    ? event
    : { ...event, debug_meta: { images: images.map((image) => ({ ...image })) } };
}

// The attributes come from a span that may have been built by hand, so their values may be of any type.
function requestOfUnit({ request }: Unit, { settings }: ClientCore): JsonRecord | undefined {
  if (request === undefined) return undefined;
  const known = attempt(() => requestDataOf(request, settings), undefined);
  return known && { ...known };
}
