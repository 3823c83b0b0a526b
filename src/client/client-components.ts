import { guardCallback, reportAsyncHook } from "../support/diagnostics.js";
import type { CallbackName, Diagnostics } from "../support/diagnostics.js";
import { isThenable } from "../support/foreign.js";
import { ownCall } from "../support/own-call.js";
import type { OwnCall } from "../support/own-call.js";
import type { DataCategory } from "../protocol/data-category.js";
import type { Settings } from "../options/options.js";
import { processScopes } from "../scope/process-scopes.js";
import { Scope } from "../scope/scope.js";
import type { ScopeData } from "../scope/scope-data.js";
import { NO_PRESSURE } from "../trace/backpressure.js";
import type { Pressure } from "../trace/backpressure.js";
import { EndTime } from "./end-time.js";
import { EnvelopeBuilder } from "./envelope-builder.js";
import type { BuilderDependencies } from "./envelope-builder.js";
import { HookRunner } from "./hooks.js";
import { Outbox } from "./outbox.js";
import type { OutboxDependencies } from "./outbox.js";
import type { DeliveryCounts } from "./stats.js";

/** The settings, diagnostics, senders and callbacks that a client is constructed from. */
export interface ClientDependencies extends BuilderDependencies, OutboxDependencies {
  /** Returns the counts of the delivery. Default: none. */
  readonly deliveryCounts?: (() => DeliveryCounts) | undefined;
  /** The backpressure of the delivery. Default: none. */
  readonly pressure?: Pressure | undefined;
  /** Called once the client is closed. */
  readonly onClosed?: (() => void) | undefined;
  /** Runs a hook with tracing suppressed. */
  readonly runHook?: (<T>(run: () => T) => T) | undefined;
  /**
   * Returns the kind of application callback (hook, transport, logger) that the running code belongs to. Default:
   * recognizes synchronous calls only.
   */
  readonly activeOwnCall?: (() => OwnCall | undefined) | undefined;
}

/** The components of a client, connected to one another. */
export interface ClientComponents {
  readonly initialScopes: readonly ScopeData[];
  readonly builder: EnvelopeBuilder;
  readonly outbox: Outbox;
  readonly endTime: EndTime;
  readonly pressure: Pressure;
  /** True if spans are only counted: nothing is sent, and no hook is called with what would be made of them. */
  readonly isDisabled: boolean;
  readonly deliveryCounts: () => DeliveryCounts;
  readonly activeOwnCall: () => OwnCall | undefined;
}

/** Creates and connects the components of a client. Never throws. */
export function createComponents(dependencies: ClientDependencies): ClientComponents {
  const { settings, diagnostics, deliveryCounts = (): DeliveryCounts => ({}) } = dependencies;
  const outbox = new Outbox(dependencies);
  const scopes = initialScopes(settings, diagnostics);
  const hooks = new HookRunner(dependencies);
  const makeRoom = (category: DataCategory): boolean => outbox.makeRoom(category);
  return {
    outbox,
    deliveryCounts,
    initialScopes: scopes,
    builder: new EnvelopeBuilder({ ...dependencies, hooks, makeRoom, initialScopes: scopes }),
    endTime: new EndTime({
      totalMillis: settings.shutdownTimeoutMillis,
      delivered: () => deliveryCounts().sender?.envelopesSent ?? 0,
    }),
    pressure: dependencies.pressure ?? NO_PRESSURE,
    isDisabled: isDisabled(dependencies, scopes),
    activeOwnCall: dependencies.activeOwnCall ?? ownCall,
  };
}

// Hooks run without a DSN as well, so that they can be tried out. They are looked for once, not for each span.
function isDisabled(
  { settings, sender, spotlight }: ClientDependencies,
  scopes: readonly ScopeData[],
): boolean {
  const { beforeSend, beforeSendTransaction, beforeSendSpan } = settings;
  const hooks = [beforeSend, beforeSendTransaction, beforeSendSpan];
  const data = [processScopes().global.data, ...scopes];
  return (
    sender === undefined &&
    spotlight === undefined &&
    hooks.every((hook) => hook === undefined) &&
    data.every(({ eventProcessors }) => eventProcessors.length === 0)
  );
}

/** Work that components finish when the client closes or the process ends. */
export const END_OF_CLIENT: CallbackName = {
  name: "end of client",
  effect: "spans or monitor runs that were open may be missing",
};

const INITIAL_SCOPE = {
  name: "initialScope",
  effect: "events carry the data that was set before the error",
};

// The data of `initialScope` is overridden by all other scopes.
function initialScopes({ initialScope }: Settings, diagnostics: Diagnostics): readonly ScopeData[] {
  if (initialScope === undefined) return [];
  const scope = new Scope();
  const outcome = guardCallback(diagnostics, INITIAL_SCOPE, (): unknown =>
    typeof initialScope === "function" ? initialScope(scope) : scope.update(initialScope),
  );
  if (outcome.ok && isThenable(outcome.value))
    reportAsyncHook(diagnostics, "initialScope", "what it writes after its first `await` is lost");
  return [scope.data];
}
