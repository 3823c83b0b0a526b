import type { AttributeBag, SpanDescription } from "../trace/span.js";
import type { Inference } from "./inference.js";
import { isPathOf } from "./route-match.js";

/** Attributes in which instrumentations of web frameworks give the kind of layer that a span measures. */
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
  // Next.js middleware, with the op that Sentry's SDK uses.
  ["Middleware.execute", "http.server.middleware"],
]);

/** Names a span of a layer of a web framework: middleware, router or handler. The span's own name is kept. */
export function inferFramework({ attributes, name }: SpanDescription): Inference | undefined {
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

/** The suffix of a route handler's route in Next.js up to version 15: the name of its file. */
const HANDLER_FILE = "/route";

const ERROR_PAGES: ReadonlySet<string> = new Set([
  "/404",
  "/500",
  "/_error",
  "/_global-error",
  "/_not-found",
]);

/** The message of the error that React throws instead of an error that a server component threw. */
const REPLACED = "An error occurred in the Server Components render.";

/** Tells whether a route may end with the file name of a route handler. Cheap, because it runs for all routes. */
export function mayNameFile(route: string): boolean {
  return route.endsWith(HANDLER_FILE);
}

/**
 * Returns the route of a Next.js span without the file name of the route handler, unless `route` is a real part of the
 * path.
 */
export function withoutFile(
  route: string,
  { attributes, path }: { readonly attributes: AttributeBag; readonly path: string | undefined },
): string {
  if (attributes["next.route"] === undefined) return route;
  const folder = route.slice(0, -HANDLER_FILE.length) || "/";
  if (path === undefined) return isHandler(attributes) ? folder : route;
  return isPathOf(folder, path) || !/\/route\/?$/.test(path) ? folder : route;
}

function isHandler(attributes: AttributeBag): boolean {
  return attributes["next.span_type"] === "AppRouteRouteHandlers.runHandler";
}

/** Tells whether a route is the page that Next.js renders when another one failed or does not exist. */
export function isErrorPage(route: string): boolean {
  return ERROR_PAGES.has(route);
}

const MISSING_PAGE = "Cannot find module for page: ";

/** The texts of an exception on a span. */
export interface ExceptionText {
  readonly message: string;
  /** The identifier that React and Next.js give to an error. */
  readonly digest?: string | undefined;
}

/**
 * Removes exceptions that Next.js records on a span in addition to the original error: the error without a stack that
 * replaces a server component's error outside of the component (in development, a copy with the same digest), and the
 * failed look-up of an error page that the application does not have.
 */
export function withoutReplacements<T>(
  exceptions: readonly T[],
  attributes: AttributeBag | undefined,
  textOf: (exception: T) => ExceptionText,
): readonly T[] {
  const spanType = attributes?.["next.span_type"];
  if (typeof spanType !== "string") return exceptions;
  const isLookup = spanType.startsWith("LoadComponents.");
  const texts = exceptions.map((exception) => textOf(exception));
  const hasOriginal = texts.some((text) => !isReplacement(text));
  const digests = texts.map(({ digest }) => digest);
  return exceptions.filter((_exception, index) => {
    const text = texts[index];
    if (text === undefined || (isLookup && text.message.startsWith(MISSING_PAGE))) return false;
    if (hasOriginal && isReplacement(text)) return false;
    return text.digest === undefined || digests.indexOf(text.digest) === index;
  });
}

function isReplacement({ message }: ExceptionText): boolean {
  return message.startsWith(REPLACED);
}
