import type { Diagnostics } from "../diagnostics/diagnostics.js";
import { guardCallback } from "../diagnostics/diagnostics.js";
import type { Settings } from "../options/options.js";
import type { DiscardReason } from "../protocol/data-category.js";
import type { ErrorEvent, JsonRecord } from "../protocol/error-event.js";
import type { MergedScopes } from "../scope/merge.js";
import { SDK_NAME, SDK_VERSION } from "../version.js";
import type { ErrorTrace } from "./capture-input.js";
import type { ProcessMembers } from "./process-members.js";
import { matchesAny } from "../options/text-pattern.js";
import { encodeEvent } from "./encode-event.js";
import { isRecord } from "./valid-event.js";
import { withoutUnset } from "./without-unset.js";

/** What an error event is finished with. */
export interface ErrorContext {
  readonly merged: MergedScopes;
  readonly members: ProcessMembers;
  readonly trace: ErrorTrace | undefined;
  readonly settings: Settings;
  readonly diagnostics: Diagnostics;
  readonly random: () => number;
  /** What was thrown; absent where nothing was. */
  readonly originalException?: unknown;
}

/**
 * Takes an error event through the client's steps in the protocol's order: ignored patterns, scopes,
 * `beforeSend`, sampling.
 */
export function finishErrorEvent(
  event: ErrorEvent,
  context: ErrorContext,
): { readonly dropped: DiscardReason } | { readonly json: string } {
  if (isIgnored(event, context.settings)) return { dropped: "event_processor" };
  const complete = withScopes(event, context);
  const hooked = hookedEvent(complete, context);
  if (hooked === null) return { dropped: "before_send" };
  if (context.random() >= context.settings.sampleRate) return { dropped: "sample_rate" };
  const encoded = guardCallback(context.diagnostics, "hook result", () => encodeEvent(hooked));
  return encoded.ok ? { json: encoded.value } : { dropped: "before_send" };
}

function isIgnored(event: ErrorEvent, settings: Settings): boolean {
  if (settings.ignoreErrors.length === 0) return false;
  const error = event.exception?.values.at(-1);
  const texts = [
    event.message,
    event.logentry?.message,
    error?.value,
    `${error?.type}: ${error?.value}`,
  ];
  return texts.some((text) => text !== undefined && matchesAny(text, settings.ignoreErrors));
}

// The event's own values win over the scopes' (protocol: merge of scopes).
function withScopes(
  event: ErrorEvent,
  { merged, members, trace, settings }: ErrorContext,
): ErrorEvent {
  const complete: ErrorEvent = {
    environment: members.environment,
    sdk: { name: SDK_NAME, version: SDK_VERSION },
    ...event,
    level: merged.level ?? event.level,
    contexts: {
      ...merged.contexts,
      runtime: { name: "node", version: process.version },
      ...traceContext(trace),
      ...event.contexts,
    },
  };
  const optional = {
    release: members.release,
    dist: settings.dist,
    server_name: members.serverName,
    user: merged.user,
    transaction: merged.transactionName,
    tags: unlessEmpty({ ...merged.tags, ...event.tags }),
    extra: unlessEmpty({ ...merged.extra, ...event.extra }),
    breadcrumbs: merged.breadcrumbs.length === 0 ? undefined : { values: merged.breadcrumbs },
    fingerprint: fingerprintOf(event, merged),
  };
  return Object.assign(
    complete,
    withoutUnset(optional),
    withoutUnset({ user: event.user, transaction: event.transaction }),
  );
}

function fingerprintOf(event: ErrorEvent, merged: MergedScopes): string[] | undefined {
  const parts = [...(event.fingerprint ?? []), ...(merged.fingerprint ?? [])];
  return parts.length === 0 ? undefined : parts;
}

function traceContext(trace: ErrorTrace | undefined): Record<string, JsonRecord> {
  if (trace === undefined) return {};
  const { traceId: trace_id, spanId: span_id, parentSpanId: parent_span_id } = trace;
  return { trace: withoutUnset({ trace_id, span_id, parent_span_id }) };
}

function hookedEvent(event: ErrorEvent, context: ErrorContext): ErrorEvent | null {
  const { beforeSend } = context.settings;
  if (beforeSend === undefined) return event;
  const { event_id } = event;
  const outcome = guardCallback(context.diagnostics, "beforeSend", () =>
    beforeSend(event, { event_id, originalException: context.originalException }),
  );
  if (!outcome.ok || outcome.value === null) return null;
  if (isRecord(outcome.value)) return { ...outcome.value, event_id };
  context.diagnostics.warnOnce(
    "hook:beforeSend",
    "`beforeSend` returned no event (a promise is none); the event is dropped",
  );
  return null;
}

function unlessEmpty<T extends object>(value: T): T | undefined {
  return Object.keys(value).length === 0 ? undefined : value;
}
