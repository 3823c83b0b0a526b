import type { Inference } from "./inference.js";
import type { AttributeBag, SpanView } from "../trace/span.js";

/** The attribute in which a framework's instrumentation says what part of the framework a span is. */
export const LAYER_KEYS = [
  "express.type",
  "fastify.type",
  "router.type",
  "koa.type",
  "nestjs.type",
  "hapi.type",
  "connect.type",
  "restify.type",
  "next.span_type",
] as const;

const OP_BY_LAYER: ReadonlyMap<unknown, string> = new Map([
  ["middleware", "middleware"],
  ["hook", "middleware"],
  ["route-hook", "middleware"],
  ["plugin", "middleware"],
  ["server.ext", "middleware"],
  ["router", "router"],
  ["request_handler", "handler"],
  ["request-handler", "handler"],
  ["handler", "handler"],
  ["request_context", "handler"],
  ["app_creation", "app"],
  // Next.js; the op that Sentry's own SDK gives to it.
  ["Middleware.execute", "http.server.middleware"],
]);

/** Names a layer of a web framework: middleware, router or handler. The span's own name is kept. */
export function inferFramework({ attributes, name }: SpanView): Inference | undefined {
  const op = layerOp(attributes);
  if (op === undefined) return undefined;
  return { op, description: name, source: "component", data: undefined };
}

function layerOp(attributes: AttributeBag): string | undefined {
  for (const key of LAYER_KEYS) {
    const op = OP_BY_LAYER.get(attributes[key]);
    if (op !== undefined) return op;
  }
  return undefined;
}
