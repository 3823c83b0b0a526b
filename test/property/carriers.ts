import type { Request } from "./syntax.js";

let count = 0;

/** Headers of an incoming request, and what they say. */
export interface Carrier {
  readonly headers: Readonly<Record<string, string>>;
  readonly identity: { readonly traceId: string; readonly spanId: string; readonly dsc: boolean };
}

/** The headers of a request: each in a trace of its own. */
export function headersOf({ headers, baggage }: Request): Carrier {
  count++;
  const traceId = `a${count.toString(16).padStart(31, "0")}`;
  const spanId = `b${count.toString(16).padStart(15, "0")}`;
  const isSentry = headers.startsWith("sentry");
  const identity = { traceId, spanId, dsc: isSentry && baggage };
  if (headers === "none") return { headers: {}, identity };
  const sampled = headers.endsWith("unsampled") ? 0 : 1;
  if (!isSentry)
    return { headers: { traceparent: `00-${traceId}-${spanId}-0${sampled}` }, identity };
  const decision = headers.endsWith("deferred") ? "" : `-${sampled}`;
  return {
    headers: {
      "sentry-trace": `${traceId}-${spanId}${decision}`,
      ...(baggage && {
        baggage: `theirs=1,sentry-trace_id=${traceId},sentry-public_key=feed,sentry-sample_rand=0.25`,
      }),
    },
    identity,
  };
}
