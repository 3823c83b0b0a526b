// A concurrent program as a syntax tree. Which span is whose child and what belongs to which unit of
// work is a matter of where a node stands in the tree, never of when it runs.

import type { SpanKind } from "@opentelemetry/api";

export type SleepWay =
  | "elsewhere"
  | "event"
  | "immediate"
  | "microtask"
  | "thenable"
  | "tick"
  | "timer";

export const DEFER_WAYS = [
  "immediate",
  "microtask",
  "queue",
  "refreshed",
  "then",
  "thenable",
  "tick",
  "timer",
] as const;

export type DeferWay = (typeof DEFER_WAYS)[number];

export type WriteWhat = "context" | "crumb" | "overlay" | "tag" | "untag" | "user";

export interface Sleep {
  readonly type: "sleep";
  readonly how: SleepWay;
  readonly millis: number;
}

export interface SpanNode {
  readonly type: "span";
  readonly mode: "active" | "inactive";
  readonly kind: SpanKind;
  /** After its body, before it, or some time after it. */
  readonly ends: "after" | "before" | "late";
  /** Begins a trace of its own, wherever it stands. */
  readonly root: boolean;
  /** Its name is one of `ignoreSpans`. */
  readonly ignored: boolean;
  /** The sampler does not record it, if it begins a trace. */
  readonly dropped: boolean;
  /** It is made by the second provider. */
  readonly second: boolean;
  /** What its body throws is recorded on it. */
  readonly records: boolean;
  readonly body: Block;
}

export interface Par {
  readonly type: "par";
  readonly mode: "all" | "allSettled";
  readonly branches: readonly Block[];
}

export interface Fork {
  readonly type: "fork";
  readonly how: "context" | "wrapper";
  readonly body: Block;
}

export interface Overlay {
  readonly type: "overlay";
  readonly body: Block;
}

export interface Write {
  readonly type: "write";
  readonly what: WriteWhat;
  /** Few keys, so that writes meet. */
  readonly key: number;
}

export interface Capture {
  readonly type: "capture";
  readonly what: "error" | "message";
}

export interface Throw {
  readonly type: "throw";
}

export interface Attempt {
  readonly type: "attempt";
  readonly body: Block;
}

/** A task that is started here and runs later. */
export interface Defer {
  readonly type: "defer";
  readonly how: DeferWay;
  readonly millis: number;
  readonly awaited: boolean;
  readonly body: Block;
}

/** A callback that is registered here and called by another unit of work. */
export interface Callback {
  readonly type: "callback";
  readonly via: "emitter" | "pool" | "socket";
  readonly bound: boolean;
  readonly body: Block;
}

/** An async generator, pulled first here and then by another unit of work. */
export interface Generator {
  readonly type: "generator";
  /** `withIsolationScope` returns it: its body runs in the unit. */
  readonly bound: boolean;
  readonly here: Block;
  readonly there: Block;
}

/** A body under a parent that is known by its ids alone. */
export interface ByIds {
  readonly type: "byIds";
  /** What the ids are put on: the active context, or one that carries nothing. */
  readonly base: "context" | "root";
  readonly body: Block;
}

/** Headers that are read again inside of their request. */
export interface Reread {
  readonly type: "reread";
  /** What the headers name. */
  readonly names: "nothing" | "sender" | "span";
  readonly body: Block;
}

/** A write outside of every unit of work. */
export interface Outside {
  readonly type: "outside";
  readonly write: Write;
}

export interface Abort {
  readonly type: "abort";
  readonly millis: number;
  readonly body: Block;
}

export interface Flush {
  readonly type: "flush";
}

export interface Crowd {
  readonly type: "crowd";
  readonly count: number;
}

export type HeaderKind =
  | "none"
  | "sentry-deferred"
  | "sentry-sampled"
  | "sentry-unsampled"
  | "w3c-sampled"
  | "w3c-unsampled";

/** An incoming request or message. */
export interface Request {
  readonly type: "request";
  /** The propagator that reads the headers. */
  readonly via: "none" | "sentry" | "w3c";
  readonly headers: HeaderKind;
  readonly baggage: boolean;
  readonly before: readonly Write[];
  readonly root: SpanNode;
  /** A second root in the same context, as a retry or a batch makes it. */
  readonly again: SpanNode | undefined;
}

export type Node =
  | Abort
  | Attempt
  | ByIds
  | Callback
  | Capture
  | Crowd
  | Defer
  | Flush
  | Fork
  | Generator
  | Outside
  | Overlay
  | Par
  | Request
  | Reread
  | Sleep
  | SpanNode
  | Throw
  | Write;

export type Block = readonly Node[];

/** A copy in which no node stands in two places. */
export function copyOf(program: Block): Block {
  return JSON.parse(JSON.stringify(program)) as Block;
}
