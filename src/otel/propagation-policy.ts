import type { Span } from "@opentelemetry/api";

import type { Settings, TextPattern } from "../options/options.js";
import { matchesAny } from "../options/text-pattern.js";
import type { ContinuationRule } from "../trace/headers.js";
import { dsnOrigin, parseDsn } from "../protocol/dsn.js";

/** What a client's options say about trace headers. */
export interface PropagationPolicy {
  readonly continuation: ContinuationRule;
  /** Where headers are sent to; undefined: everywhere. */
  readonly targets: readonly TextPattern[] | undefined;
  /** `host:port` of the server that envelopes are sent to. */
  readonly ingestHost: string | undefined;
}

/** The policy of a client with these options. */
export function propagationPolicy(settings: Settings): PropagationPolicy {
  const dsn = settings.dsn === undefined ? undefined : parseDsn(settings.dsn);
  return {
    continuation: {
      orgId: settings.orgId ?? dsn?.orgId,
      isStrict: settings.strictTraceContinuation,
    },
    targets: settings.tracePropagationTargets,
    ingestHost: dsn === undefined ? undefined : new URL(dsnOrigin(dsn)).host,
  };
}

/** Whether the request that a span stands for gets trace headers. One whose URL is not known does. */
export function isTarget(span: Span | undefined, policy: PropagationPolicy): boolean {
  const { targets, ingestHost } = policy;
  if (targets === undefined && ingestHost === undefined) return true;
  const url = urlOf(span);
  if (url === undefined) return true;
  if (targets !== undefined && !matchesAny(url, targets)) return false;
  return ingestHost === undefined || !isHost(url, ingestHost);
}

// An SDK's span tells its attributes; the API's own, which do not record, have none.
function urlOf(span: Span | undefined): string | undefined {
  if (span === undefined || !("attributes" in span)) return undefined;
  const { attributes } = span;
  if (typeof attributes !== "object" || attributes === null) return undefined;
  const url: unknown = Reflect.get(attributes, "url.full") ?? Reflect.get(attributes, "http.url");
  return typeof url === "string" ? url : undefined;
}

const HOST = /^https?:\/\/(?:[^/?#@]*@)?([^/?#]+)/i;

// Without `new URL`, which takes a microsecond: this runs for each outgoing request.
function isHost(url: string, host: string): boolean {
  const found = HOST.exec(url)?.[1]?.toLowerCase();
  return found === host || found?.replace(/:(?:443|80)$/, "") === host;
}
