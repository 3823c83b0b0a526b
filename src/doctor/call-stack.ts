import { relative } from "node:path";

import { attempt } from "../support/foreign.js";
import type { Library } from "./finding.js";
import { manifestIn } from "./installed-packages.js";

/** Where a suspect span or call came from. */
export interface CallStack {
  /** The innermost frame of the application, and that of the file that has called it: files, lines and columns. */
  readonly site: string | undefined;
  /** The library that called the innermost frame of the application, unless it only passes requests on, as routers do. */
  readonly caller: Library | undefined;
  /** The caller; if there is none, the innermost library, which the application has called. Never one of OpenTelemetry. */
  readonly library: Library | undefined;
  /** True if a timer called it, without a promise in between. */
  readonly isTimer: boolean;
}

const MAX_FRAMES = 40;
// A stack takes about 10 µs: a service with faults everywhere must not take many.
const MAX_STACKS = 500;

let taken = 0;

/** Reads the current stack; undefined once 500 were read in this process. */
export function currentCallStack(): CallStack | undefined {
  taken += 1;
  if (taken > MAX_STACKS) return undefined;
  const limit = Error.stackTraceLimit;
  Error.stackTraceLimit = MAX_FRAMES;
  // The application's `prepareStackTrace` may throw.
  const stack = attempt(() => String(new Error("stack").stack), undefined);
  Error.stackTraceLimit = limit;
  return stack === undefined ? undefined : readStack(stack);
}

// This file, in the sources or in the built package, whose folder has the frames of this package.
const OWN_FRAME = /^(.*\/)(?:doctor\/call-stack\.[cm]?ts|[\w-]+\.cjs):/;
const SKIPPED = /\/node_modules\/(?:@opentelemetry|otel-sentry-bridge)\//;
const PLACE = /\(?((?:file:\/\/)?(?:\/|[A-Za-z]:[\\/]|node:)[^()]*:\d+:\d+)\)?$/;
const MODULE = /^(.*\/node_modules\/((?:@[^/]+\/)?[^/]+))\//;

/** Reads the text of a stack trace. `folder` is that of this package; by default that of the innermost frame. */
export function readStack(stack: string, folder?: string): CallStack {
  const all = stack
    .split("\n")
    .flatMap((line) => PLACE.exec(line.trim())?.[1] ?? [])
    .map((place) => place.replace("file://", "").replaceAll("\\", "/"));
  const own = folder ?? OWN_FRAME.exec(all[0] ?? "")?.[1] ?? "\0";
  const places = all.filter((place) => !place.startsWith(own) && !SKIPPED.test(place));
  const site = places.findIndex(isOwn);
  const inner = places[site];
  const outer = places.slice(site + 1);
  const caller = firstLibrary(outer);
  return {
    site: inner === undefined ? undefined : siteOf(inner, outer),
    caller,
    library: caller ?? firstLibrary(places),
    isTimer: stack.includes("listOnTimeout") && !stack.includes("process/task_queues"),
  };
}

// Most applications start spans in a helper, which does not tell where it was called.
function siteOf(inner: string, outer: readonly string[]): string {
  const file = fileOf(inner);
  const caller = outer.find((place) => isOwn(place) && fileOf(place) !== file);
  return caller === undefined ? shortened(inner) : `${shortened(inner)}, from ${shortened(caller)}`;
}

function isOwn(place: string): boolean {
  return !place.startsWith("node:") && !MODULE.test(place);
}

function fileOf(place: string): string {
  return place.replace(/:\d+:\d+$/, "");
}

function shortened(place: string): string {
  const inside = relative(process.cwd(), place);
  return inside.startsWith("..") ? place : inside;
}

// Libraries by directory; null for one that only passes calls on.
const libraries = new Map<string, Library | null>();

// Descriptions of packages that only call the application, in the context in which they were called: routers, middleware, wrappers of
// instrumentations and the like. A context that is wrong there is not their fault. Parsers and uploaders, which call it from events of the
// request's stream, can lose contexts.
const PASSING =
  /^(?!.*(?:\bpars|multipart|property|upload)).*(?:instrumentation|middleware|router|\b(?:http|react|rest|test|testing|web)\b.*\b(?:framework|runner|server)\b)/i;

function firstLibrary(places: readonly string[]): Library | undefined {
  const [, directory, name] = MODULE.exec(places.find((place) => MODULE.test(place)) ?? "") ?? [];
  if (directory === undefined || name === undefined) return undefined;
  let library = libraries.get(directory);
  if (library === undefined) {
    const { version, description } = manifestIn(directory);
    const isPassing = PASSING.test(String(description));
    library = isPassing
      ? null
      : { name, version: typeof version === "string" ? version : undefined };
    libraries.set(directory, library);
  }
  return library ?? undefined;
}
