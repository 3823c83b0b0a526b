import { createContextKey } from "@opentelemetry/api";
import type { Context } from "@opentelemetry/api";

// The key of `@opentelemetry/core`, by its name: `createContextKey` is `Symbol.for`, and core is no peer.
const KEY = createContextKey("OpenTelemetry SDK Context Key RPC_METADATA");

/**
 * The route that the instrumentation of a framework (Express, Koa, Fastify, restify) has left in the context for
 * the HTTP instrumentation. Undefined where it is not known yet, or belongs to another trace.
 */
export function routeInContext(ctx: Context, traceId: string): string | undefined {
  const metadata = ctx.getValue(KEY);
  if (typeof metadata !== "object" || metadata === null || !("route" in metadata)) return undefined;
  const { route } = metadata;
  return typeof route === "string" && route !== "" && traceIdOf(metadata) === traceId
    ? route
    : undefined;
}

function traceIdOf(metadata: object): string | undefined {
  const span: unknown = "span" in metadata ? metadata.span : undefined;
  if (typeof span !== "object" || span === null || !("spanContext" in span)) return undefined;
  const identity: unknown = typeof span.spanContext === "function" ? span.spanContext() : undefined;
  const id =
    typeof identity === "object" && identity !== null && "traceId" in identity
      ? identity.traceId
      : undefined;
  return typeof id === "string" ? id : undefined;
}
