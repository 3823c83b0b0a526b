import { readFileSync } from "node:fs";
import { relative } from "node:path";

import { attempt, propertyOf } from "../support/foreign.js";
import type { Library } from "./finding.js";

/** Where a suspect span or call came from. */
export interface CallStack {
  /** The innermost frame of the application, and that of the file that has called it: files, lines and columns. */
  readonly site: string | undefined;
  /**
   * The library, not one of OpenTelemetry, that called the innermost frame of the application; if there is none, the innermost library.
   */
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
  const isLibrary = (place: string): boolean => MODULE.test(place);
  const library = places.slice(site + 1).find(isLibrary) ?? places.find(isLibrary) ?? "";
  const [, directory, name] = MODULE.exec(library) ?? [];
  const inner = places[site];
  return {
    site: inner === undefined ? undefined : siteOf(inner, places.slice(site + 1)),
    library:
      directory === undefined || name === undefined
        ? undefined
        : { name, version: versionIn(directory) },
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

const versions = new Map<string, string | undefined>();

function versionIn(directory: string): string | undefined {
  if (versions.has(directory)) return versions.get(directory);
  const manifest = attempt<unknown>(
    () => JSON.parse(readFileSync(`${directory}/package.json`, "utf8")),
    undefined,
  );
  const version = propertyOf(manifest, "version");
  const known = typeof version === "string" ? version : undefined;
  versions.set(directory, known);
  return known;
}
