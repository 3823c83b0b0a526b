import type { SentryClient } from "../client/client.js";
import { isFaultReported } from "../support/setup-faults.js";
import { attempt } from "../support/foreign.js";
import { pipelineFromEnvironment } from "../options/env.js";
import { API_COPIES, isRegistered } from "../context/api-registration.js";
import { setDetachedTimer } from "../context/suppress-tracing.js";
import { registeredProcessors } from "./attach.js";
import { hasDestination } from "./destination-check.js";

/** Kind of the fault that nothing is traced, whatever the reason. */
export const NOT_TRACED = "not-traced";

/** A span processor or exporter, as far as its registration concerns it. */
export interface Registrable {
  readonly kind: "SentrySpanExporter" | "SentrySpanProcessor";
  readonly instance: Usable;
}

/** The part itself. */
interface Usable {
  /** True once an SDK has passed a span to it, or shut it down. */
  readonly isInUse: boolean;
  whenInUse(stopWatching: () => void): void;
}

// Providers are registered right after their processors are made; some wait for a remote configuration before.
const GRACE_MILLIS = 30_000;
// A process that has done nothing yet is looked at again, after twice the time each time.
const MAX_PAUSE_MILLIS = 3_600_000;
const MAX_DEPTH = 3;
const MAX_OBJECTS = 200;

const SDK_PROCESSORS: ReadonlySet<string> = new Set([
  "BatchSpanProcessor",
  "NoopSpanProcessor",
  "SentrySpanProcessor",
  "SimpleSpanProcessor",
]);

const watched = new WeakMap<SentryClient, Registrable[]>();

/** Reports, some time later, a part that nobody has registered with a tracer provider. */
export function watchRegistration(client: SentryClient, part: Registrable): void {
  const parts = watched.get(client) ?? [];
  watched.set(client, [...parts, part]);
  watch(client, part, GRACE_MILLIS);
}

function watch(client: SentryClient, part: Registrable, pauseMillis: number): void {
  const stop = setDetachedTimer(() => {
    if (attempt(() => reportIfCertain(client, part), true) || client.isClosed) return;
    watch(client, part, Math.min(2 * pauseMillis, MAX_PAUSE_MILLIS));
  }, pauseMillis);
  part.instance.whenInUse(stop);
}

/** Reports the client's parts that nobody has registered; to be called when the client or the process ends. Never throws. */
export function checkRegistrations(client: SentryClient): void {
  for (const part of watched.get(client) ?? []) attempt(() => report(client, part), undefined);
}

/** Returns false where it is too early to tell. */
function reportIfCertain(client: SentryClient, part: Registrable): boolean {
  const processors = registeredProcessors();
  if (processors === "none" && mayBeLocal(client)) return false;
  if (processors === "none" || isTransparent(processors)) report(client, part);
  return true;
}

function report(client: SentryClient, { kind, instance }: Registrable): void {
  if (instance.isInUse || !hasDestination(client.settings) || isFaultReported(API_COPIES)) return;
  if (pipelineFromEnvironment().isDisabled) return;
  const processors = registeredProcessors();
  // Another SDK's provider does not show its processors; and an exporter may be behind what cannot be looked into.
  const isHidden =
    processors === "foreign" || (processors !== "none" && kind === "SentrySpanExporter");
  if (isHidden || (processors === "none" ? mayBeLocal(client) : reaches(processors, instance)))
    return;
  client.diagnostics.faultOnce(NOT_TRACED, messageFor(kind, processors === "none"));
}

// A process with a context manager may use a provider that it does not register, and may have had nothing to do.
function mayBeLocal(client: SentryClient): boolean {
  return isRegistered("context") && client.activity() === 0;
}

// While the process runs, a processor of the application's may still pass spans on to ours.
function isTransparent(processors: readonly object[] | "foreign"): boolean {
  return (
    processors !== "foreign" &&
    processors.every((processor) => SDK_PROCESSORS.has(processor.constructor?.name))
  );
}

function messageFor(kind: Registrable["kind"], isWithoutProvider: boolean): string {
  const provider = isWithoutProvider
    ? "no tracer provider is registered"
    : "the registered tracer provider does not have it";
  return (
    `a ${kind} was created, but no span has reached it: ${provider}, so there are no transactions. ` +
    "Pass it to your provider, such as new NodeSDK({ spanProcessors: [processor] }), and start that before the first span"
  );
}

// Processors hold others, and exporters, in fields. A proxy among them may throw.
function reaches(roots: readonly unknown[], target: object): boolean {
  const seen = new Set<unknown>(roots);
  let level: readonly unknown[] = roots;
  for (let depth = 0; depth <= MAX_DEPTH && seen.size < MAX_OBJECTS; depth += 1) {
    if (level.includes(target)) return true;
    const next = level.flatMap(membersOf).filter((member) => !seen.has(member));
    for (const member of next) seen.add(member);
    level = next;
  }
  return false;
}

function membersOf(value: unknown): unknown[] {
  if (typeof value !== "object" || value === null) return [];
  // Getters may do anything.
  const fields = Object.values(Object.getOwnPropertyDescriptors(value));
  return fields.map((field) => field.value).filter((member) => typeof member === "object");
}
