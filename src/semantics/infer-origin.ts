const MAX_SCOPES = 500;
const MAX_OPS_PER_SCOPE = 100;

// The origin of spans that the application itself starts.
const MANUAL_ORIGIN = "manual";

// Matches `@opentelemetry/instrumentation-pg`, `opentelemetry-instrumentation-x`, `@acme/y-instrumentation-z`.
const INSTRUMENTATION = /^(?:@[^/]+\/)?(?:[\w-]+-)?instrumentation-(.+)$/;

// Instrumentation scopes of libraries that trace themselves, and of instrumentations whose scope has another form.
const LIBRARY_BY_SCOPE: ReadonlyMap<string, string> = new Map([
  ["@fastify/otel", "fastify"],
  ["@prisma/instrumentation", "prisma"],
  ["prisma", "prisma"],
  ["next.js", "nextjs"],
  ["@vercel/otel/fetch", "fetch"],
  // The Vercel AI SDK: up to version 6, and `@ai-sdk/otel` of version 7.
  ["ai", "vercelai"],
  ["gen_ai", "vercelai"],
  ["@temporalio/interceptor-client", "temporal"],
  ["@temporalio/interceptor-workflow", "temporal"],
  ["@temporalio/interceptor-activity", "temporal"],
  ["@kubiks/otel-drizzle", "drizzle"],
]);

// Sentry's category by the first part of the op. Most have the same name.
const CATEGORY_BY_ROOT: ReadonlyMap<string, string> = new Map([
  ["http", "http"],
  ["db", "db"],
  ["cache", "cache"],
  ["queue", "queue"],
  ["rpc", "rpc"],
  ["grpc", "rpc"],
  ["graphql", "graphql"],
  ["gen_ai", "ai"],
  ["mcp", "mcp"],
  ["function", "function"],
  ["middleware", "middleware"],
  ["handler", "handler"],
  ["router", "router"],
  ["view", "view"],
  ["template", "template"],
  ["file", "file"],
  ["websocket", "websocket"],
  ["app", "app"],
]);

// The category of library calls without an op: DNS, sockets, pools.
const OTHER_CATEGORY = "function";

type OriginByOp = Map<string | undefined, string>;

// Null for scopes that are not those of an instrumentation. Nested maps, so that a look-up creates no combined key.
const originsByScope = new Map<string, OriginByOp | null>();

/**
 * Returns Sentry's origin of a span: `auto.<category>.otel.<library>` if its instrumentation scope is that of an
 * instrumentation library, else `manual` (https://develop.sentry.dev/sdk/telemetry/traces/trace-origin/).
 */
export function inferOrigin(scopeName: string, op: string | undefined): string {
  const origins = originsByScope.get(scopeName);
  if (origins === null) return MANUAL_ORIGIN;
  return origins?.get(op) ?? newOrigin(scopeName, op);
}

function newOrigin(scopeName: string, op: string | undefined): string {
  const library = libraryOf(scopeName);
  // Programs have few scopes and ops. The cache is cleared if a program creates them without end.
  if (originsByScope.size >= MAX_SCOPES) originsByScope.clear();
  if (library === undefined) {
    originsByScope.set(scopeName, null);
    return MANUAL_ORIGIN;
  }
  const origin = `auto.${categoryOf(op)}.otel.${library}`;
  remember(scopeName, op, origin);
  return origin;
}

function remember(scopeName: string, op: string | undefined, origin: string): void {
  const known = originsByScope.get(scopeName) ?? new Map<string | undefined, string>();
  if (known.size >= MAX_OPS_PER_SCOPE) known.clear();
  known.set(op, origin);
  originsByScope.set(scopeName, known);
}

function libraryOf(scopeName: string): string | undefined {
  const library = LIBRARY_BY_SCOPE.get(scopeName) ?? INSTRUMENTATION.exec(scopeName)?.[1];
  return library?.replaceAll(/\W/g, "_");
}

function categoryOf(op: string | undefined): string {
  if (op === undefined) return OTHER_CATEGORY;
  const dot = op.indexOf(".");
  return CATEGORY_BY_ROOT.get(dot === -1 ? op : op.slice(0, dot)) ?? OTHER_CATEGORY;
}
