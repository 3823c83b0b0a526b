import type { ErrorEvent, JsonRecord } from "../protocol/error-event.js";
import type { MergedScopes } from "../scope/merge.js";
import type { Breadcrumb } from "../scope/scope-data.js";
import type { ErrorTrace } from "./capture-input.js";
import { SDK_MEMBER } from "./process-members.js";
import type { ProcessMembers } from "./process-members.js";
import { withoutUnset } from "../support/without-unset.js";

/** What is known around an error event: what it says itself wins over it. */
export interface EventSurroundings {
  readonly merged: MergedScopes;
  readonly members: ProcessMembers;
  readonly trace: ErrorTrace | undefined;
  /** Name of the transaction that it arose in. */
  readonly transaction: string | undefined;
  /** The request that it arose in (protocol: request interface). */
  readonly request?: JsonRecord | undefined;
}

/** The event with its scopes, process, trace and request (protocol: merge of scopes). */
export function completeEvent(event: ErrorEvent, around: EventSurroundings): ErrorEvent {
  const { merged, members } = around;
  const known = {
    environment: members.environment,
    sdk: SDK_MEMBER,
    release: members.release,
    dist: members.dist,
    server_name: members.serverName,
    transaction: merged.transactionName ?? around.transaction,
    request: around.request,
  };
  const together = {
    user: unlessEmpty({ ...merged.user, ...event.user }),
    tags: unlessEmpty({ ...merged.tags, ...event.tags }),
    extra: unlessEmpty({ ...merged.extra, ...event.extra }),
    breadcrumbs: breadcrumbsOf(event, merged),
    fingerprint: fingerprintOf(event, merged),
  };
  const complete: ErrorEvent = {
    ...event,
    level: merged.level ?? event.level,
    contexts: contextsOf(event, around),
  };
  return Object.assign(withoutUnset(known), complete, withoutUnset(together));
}

function contextsOf(
  event: ErrorEvent,
  { merged, members, trace }: EventSurroundings,
): Record<string, JsonRecord> {
  return {
    ...members.machine,
    ...merged.contexts,
    runtime: { name: "node", version: process.version },
    ...(members.resource !== undefined && { otel: { resource: members.resource } }),
    ...traceContext(trace),
    ...event.contexts,
  };
}

function breadcrumbsOf(
  event: ErrorEvent,
  { breadcrumbs }: { readonly breadcrumbs: readonly Breadcrumb[] },
): { values: JsonRecord[] } | undefined {
  const own = event.breadcrumbs?.values ?? [];
  const all = [...breadcrumbs.map((crumb) => ({ ...crumb })), ...own];
  return all.length === 0 ? undefined : { values: all };
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

function unlessEmpty<T extends object>(value: T): T | undefined {
  return Object.keys(value).length === 0 ? undefined : value;
}
