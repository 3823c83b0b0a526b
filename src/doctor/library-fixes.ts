import type { Finding, Library } from "./finding.js";

const IN_JOB =
  "queue.push({ ctx: context.active(), job });\n// in the worker function:\nreturn context.with(task.ctx, () => run(task.job));";
const BY_PROMISE = "const client = await pool.connect(); // not the callback";

/** How the context is kept in libraries that are known to lose it. */
const FIXES: Readonly<Record<string, string>> = {
  async: IN_JOB,
  bottleneck:
    "limiter.schedule(bindContext(() => job()));\n// or, of a Batcher: give each item its context, as in\nbatcher.add({ ctx: context.active(), item });",
  bluebird: "Promise.config({ asyncHooks: true });",
  fastq: IN_JOB,
  "p-queue": "queue.add(bindContext(() => job()));",
  pg: BY_PROMISE,
  "pg-pool": BY_PROMISE,
  undici: "client.dispatch(options, context.bind(context.active(), handler));",
};

const MOVED =
  "queue, pool, batch or timer ran this work in the context of another request or job: spans, errors, users and tags are on the wrong trace.";

/** Returns the mechanism of a finding that may have a harmless cause. */
export function movedUnless(cause: string, fault: string = MOVED): string {
  return `If ${cause}, nothing is wrong. Otherwise a ${fault}`;
}

/** The harmless cause of what happens after the end of a request. */
export const OWN_WORK =
  "these belong to the request itself, which goes on after its response (ids in their attributes tell)";

/** Returns the mechanism and the fix where a library runs callbacks in another context than their caller's. */
export function boundCallback(
  library: Library | undefined,
): Pick<Finding, "code" | "fix" | "mechanism"> {
  return {
    mechanism: `A ${MOVED}`,
    fix: "Either give each callback the context of its caller where it is queued or registered, or start background work in the root context:",
    code: `${codeFor(
      library,
      'queue.add(bindContext(() => job()));\nemitter.on("done", bindContext(listener));',
    )}\n// or, for background work\ncontext.with(ROOT_CONTEXT, () => startWork());`,
  };
}

/** Tells whether a library always runs callbacks without their context. Queues and pools run them in that of another caller. */
export function losesContext(library: Library | undefined): boolean {
  return library?.name === "bluebird";
}

/** Returns the code that keeps the context in a library; `general` for one that is not known. */
export function codeFor(library: Library | undefined, general: string): string {
  const name = library?.name ?? "";
  return Object.hasOwn(FIXES, name) ? (FIXES[name] ?? general) : general;
}
