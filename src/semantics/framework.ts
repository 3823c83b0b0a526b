import type { AttributeBag, SpanView } from "../trace/span.js";
import type { Inference } from "./inference.js";
import { isPathOf } from "./route-match.js";

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

/** End of the route that Next.js 15 and older give to a route handler, which is the file's name. */
const HANDLER_FILE = "/route";

const ERROR_PAGES: ReadonlySet<string> = new Set([
  "/404",
  "/500",
  "/_error",
  "/_global-error",
  "/_not-found",
]);

/** Message of the error that React gives to the code around a server component in place of the component's own error. */
const REPLACED = "An error occurred in the Server Components render.";

/** Tells whether a route may end with the name of a route handler's file. Cheap, since all routes are asked. */
export function mayNameFile(route: string): boolean {
  return route.endsWith(HANDLER_FILE);
}

/** The route of a span of Next.js without the name of the handler's file, unless that is a part of the path. */
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

/** Tells whether a route is a page that Next.js renders in place of the one that failed or is missing. */
export function isErrorPage(route: string): boolean {
  return ERROR_PAGES.has(route);
}

const MISSING_PAGE = "Cannot find module for page: ";

/** An exception on a span, by its texts. */
export interface ExceptionText {
  readonly message: string;
  /** Text by which React and Next.js tell errors apart. */
  readonly digest?: string | undefined;
}

/**
 * Leaves out what Next.js records on one span beside an error: the error without a stack that takes the place of a server
 * component's error in the code around it (in development a copy, known by its digest), and the lookup of an error page
 * that the application does not have.
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
