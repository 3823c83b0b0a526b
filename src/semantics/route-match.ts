// Characters of parameters in Express, Fastify and Hono (`:id`), Next.js and SvelteKit (`[id]`) and hapi (`{id}`), and
// of patterns.
const DYNAMIC = /[:*[\]{}()<>\\^$+?|]/;

const CATCH_ALL = /\*|\.\.\.|\(\.\*\)/;

// Routes that match everything: `/*`, `*`, `/*splat`, `/{*splat}`, `{/*rest}`, `(.*)`, `/:path(.*)`.
const WILDCARD = /^\/?\{?\/?(?:\*+\w*|:?\w*\(\.\*\)|:\w+\*)\}?$/;

// Optional parameters: `[[lang]]`, `:lang?`, `{id?}`, `{/:lang}`.
const OPTIONAL = /^\[\[(?!\.\.\.)[^\]]*\]\]$|\?\}?$/;

// Layout groups in Next.js and SvelteKit, which are not part of the path: `(app)`.
const GROUP = /^\([\w-]+\)$/;

/** Tells whether a route matches every path and therefore describes no request. */
export function isWildcard(route: string): boolean {
  return WILDCARD.test(route);
}

/** Tells whether a route matches a path. A route that is a regular expression matches none. */
export function isPathOf(route: string, path: string): boolean {
  const given = segmentsOf(path);
  const parts = segmentsOf(route).filter((part) => !GROUP.test(part));
  const needed = parts.length > given.length ? parts.filter((part) => !OPTIONAL.test(part)) : parts;
  const rest = needed.findIndex((part) => CATCH_ALL.test(part));
  if (rest === -1 && needed.length !== given.length) return false;
  const fixed = rest === -1 ? needed : needed.slice(0, rest);
  return fixed.every((part, index) => isSegmentOf(part, given[index]));
}

/**
 * Ranks a route, to choose among several of one request. A match with the request's path counts most, then the absence
 * of a catch-all, then the number of segments.
 */
export function specificity(route: string, path: string | undefined): number {
  const parts = segmentsOf(route);
  const fixed = parts.filter((part) => !DYNAMIC.test(part)).length;
  const length = Math.min(parts.length, 99) * 100 + Math.min(fixed, 99);
  const describes = path !== undefined && isPathOf(route, path) ? 20_000 : 0;
  return length + describes + (CATCH_ALL.test(route) ? 0 : 10_000);
}

function isSegmentOf(part: string, segment: string | undefined): boolean {
  if (segment === undefined) return false;
  return DYNAMIC.test(part) || part.toLowerCase() === segment.toLowerCase();
}

function segmentsOf(path: string): string[] {
  return path.split("/").filter((part) => part !== "");
}
