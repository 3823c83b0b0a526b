import * as functions from "./functions.js";
import { ROOT_CONTEXT } from "@opentelemetry/api";
import type { Context } from "@opentelemetry/api";

import { newEventId } from "../client/event-id.js";
import { currentDiagnostics, getClient } from "../context/global-client.js";
import { forkIsolation, forkScope } from "../context/scope-context.js";
import { getCurrentScope, getIsolationScope } from "../context/scopes.js";
import { environmentWithTrace } from "../options/env.js";
import type { DataCategory } from "../protocol/data-category.js";
import { Scope } from "../scope/scope.js";
import { attempt } from "../support/foreign.js";
import { NestedCallError, guarded } from "../support/guard.js";
import { argumentChecks } from "./argument-checks.js";

// Counted as an early loss, because the guarded function failed before the client captured anything.
function lose(name: string, category: DataCategory, error: unknown): void {
  getClient()?.core.ledger.early.record("internal_sdk_error", [{ category, quantity: 1 }]);
  report(name, error);
}

function report(name: string, error: unknown): void {
  currentDiagnostics().warnOnce(
    `call:${name}`,
    `\`${name}\` failed with an error; the call had no effect`,
    error,
  );
}

function returning<T>(name: string, value: T): (error: unknown) => T {
  return (error) => {
    report(name, error);
    return value;
  };
}

function ignoring(name: string): (error: unknown) => void {
  return (error) => report(name, error);
}

function losing(name: string, category: DataCategory): (error: unknown) => string {
  return (error) => {
    lose(name, category, error);
    return newEventId();
  };
}

function logging(level: string): (error: unknown) => void {
  return (error) => lose(`logger.${level}`, "log_item", error);
}

function measuring(kind: string): (error: unknown) => void {
  return (error) => lose(`metrics.${kind}`, "trace_metric", error);
}

function failing(name: string): (error: unknown) => Promise<false> {
  return async (error) => {
    report(name, error);
    return false;
  };
}

function scopeOr(find: () => Scope): (error: unknown) => Scope {
  return (error) => {
    report("a scope of a context", error);
    return attempt(find, undefined) ?? new Scope();
  };
}

type Fork = typeof forkIsolation;
type Configure = Parameters<Fork>[1];

// If the fork works without `configure`, the error was thrown by `configure` and is passed to the caller.
function forkingOr(fork: Fork): (error: unknown, ctx?: Context, configure?: Configure) => Context {
  return (error, ctx, configure) => {
    const forked = attempt(() => fork(ctx), undefined);
    const isOwn = error instanceof NestedCallError || typeof configure !== "function";
    if (forked !== undefined && !isOwn) throw error;
    report("a fork of a context", error);
    return forked ?? fork(ROOT_CONTEXT, typeof configure === "function" ? configure : undefined);
  };
}

/**
 * All functions of the main entry, each behind a guard: an error thrown inside this package is reported and does not
 * reach the application. The stand-in of a function defines what the call then returns; a function without a stand-in
 * does not compile. The entry exports functions only from here.
 */
export const publicFunctions: typeof functions = guarded(
  functions,
  {
    addBreadcrumb: ignoring("addBreadcrumb"),
    addEventProcessor: ignoring("addEventProcessor"),
    attachToGlobalProvider: returning("attachToGlobalProvider", false),
    bindContext: "passes",
    captureCheckIn: losing("captureCheckIn", "monitor"),
    captureEvent: losing("captureEvent", "error"),
    captureException: losing("captureException", "error"),
    captureFeedback: losing("captureFeedback", "feedback"),
    captureHandlerError: losing("captureHandlerError", "error"),
    captureMessage: losing("captureMessage", "error"),
    close: failing("close"),
    continueTrace: 1,
    continueTraceFromEnvironment: 0,
    createClient: "passes",
    flush: failing("flush"),
    forkIsolation: forkingOr(forkIsolation),
    forkScope: forkingOr(forkScope),
    getClient: returning("getClient", undefined),
    getCurrentScope: scopeOr(() => getCurrentScope()),
    getGlobalScope: scopeOr(() => new Scope()),
    getIsolationScope: scopeOr(() => getIsolationScope()),
    getTraceHeaders: (error) => {
      report("getTraceHeaders", error);
      return {};
    },
    getTraceMetaTags: returning("getTraceMetaTags", ""),
    instrumentCron: (error, library) => {
      report("instrumentCron", error);
      return library;
    },
    instrumentNodeCron: (error, library) => {
      report("instrumentNodeCron", error);
      return library;
    },
    instrumentNodeSchedule: (error, library) => {
      report("instrumentNodeSchedule", error);
      return library;
    },
    isInitialized: returning("isInitialized", false),
    isOptionsError: returning("isOptionsError", false),
    lastEventId: returning("lastEventId", undefined),
    logger: {
      trace: logging("trace"),
      debug: logging("debug"),
      info: logging("info"),
      warn: logging("warn"),
      error: logging("error"),
      fatal: logging("fatal"),
      fmt: "passes",
    },
    metrics: {
      count: measuring("count"),
      gauge: measuring("gauge"),
      distribution: measuring("distribution"),
    },
    monitor: "passes",
    setAttribute: ignoring("setAttribute"),
    setAttributes: ignoring("setAttributes"),
    setClient: ignoring("setClient"),
    setContext: ignoring("setContext"),
    setExtra: ignoring("setExtra"),
    setExtras: ignoring("setExtras"),
    setTag: ignoring("setTag"),
    setTags: ignoring("setTags"),
    setUser: ignoring("setUser"),
    startNewTrace: 0,
    stats: returning("stats", undefined),
    suppressTracing: 0,
    traceEnvironment: (error) => {
      report("traceEnvironment", error);
      return environmentWithTrace({});
    },
    withIsolationScope: 0,
    withMonitor: 1,
    withScope: 0,
  },
  argumentChecks,
);
