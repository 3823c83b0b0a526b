import type { Span } from "@opentelemetry/api";

import type { RegisteredClient } from "../context/global-client.js";
import type { Settings, TextPattern } from "../options/options.js";
import { matchesAny } from "../options/text-pattern.js";
import type { ContinuationRule } from "../trace/headers.js";
import { dsnOrigin, parseDsn } from "../protocol/dsn.js";

/** The options of a client about trace headers. */
export interface PropagationPolicy {
  readonly continuation: ContinuationRule;
  /** Patterns of URLs to which headers are sent; undefined for all. */
  readonly targets: readonly TextPattern[] | undefined;
  /** `host:port` of the Sentry server, to which no headers are sent. */
  readonly ingestHost: string | undefined;
}

/** A client with its propagation policy. */
export interface PropagatingClient extends RegisteredClient {
  readonly policy: PropagationPolicy;
}

/** Builds the policy from the options of a client. */
export function propagationPolicy(settings: Settings): PropagationPolicy {
  const dsn = settings.dsn === undefined ? undefined : parseDsn(settings.dsn);
  return {
    continuation: {
      orgId: settings.orgId,
      isStrict: settings.strictTraceContinuation,
    },
    targets: settings.tracePropagationTargets,
    ingestHost: dsn === undefined ? undefined : new URL(dsnOrigin(dsn)).host,
  };
}

/** Tells whether trace headers are added to the request of a span. True if its URL is unknown. */
export function isPropagationTarget(span: Span | undefined, policy: PropagationPolicy): boolean {
  const { targets, ingestHost } = policy;
  if (targets === undefined && ingestHost === undefined) return true;
  const url = urlOf(span);
  if (url === undefined) return true;
  if (targets !== undefined && !matchesAny(url, targets)) return false;
  return ingestHost === undefined || !isHost(url, ingestHost);
}

// Spans of the SDK have readable attributes; non-recording spans of the API do not.
function urlOf(span: Span | undefined): string | undefined {
  if (span === undefined || !("attributes" in span)) return undefined;
  const { attributes } = span;
  if (typeof attributes !== "object" || attributes === null) return undefined;
  const url: unknown = Reflect.get(attributes, "url.full") ?? Reflect.get(attributes, "http.url");
  return typeof url === "string" ? url : undefined;
}

const HOST = /^https?:\/\/(?:[^/?#@]*@)?([^/?#]+)/i;

// A regular expression instead of `new URL`, which takes a microsecond, because this runs for each outgoing request.
function isHost(url: string, host: string): boolean {
  const found = HOST.exec(url)?.[1]?.toLowerCase();
  return found === host || found?.replace(/:(?:443|80)$/, "") === host;
}
