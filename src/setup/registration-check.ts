import type { ClientCore } from "../client/client-core.js";
import { isFaultReported } from "../support/setup-faults.js";
import { attempt, classNameOf } from "../support/foreign.js";
import { pipelineFromEnvironment } from "../options/env.js";
import {
  API_COPIES,
  copiesMessage,
  hasForeignRegistration,
  isRegistered,
} from "../context/api-registration.js";
import { startDetachedTimer } from "../context/suppress-tracing.js";
import { registeredProcessors } from "./attach.js";
import { hasDestination } from "./destination-check.js";

/** Diagnostic kind of the set-up fault "nothing is traced", for any reason. */
export const NOT_TRACED = "not-traced";

/** Diagnostic kind of the set-up fault "another provider was registered first". */
export const SET_UP_TWICE = "set-up-twice";

/** A span processor or exporter that must be registered. */
interface Registrable {
  readonly kind: "SentrySpanExporter" | "SentrySpanProcessor";
  readonly instance: Usable;
}

/** A processor or exporter, with the state of the process when it was created. */
interface Watched extends Registrable {
  /** True if a provider had been registered. */
  readonly isBehind: boolean;
}

/** A processor or exporter that can tell whether an SDK uses it. */
interface Usable {
  /** True once an SDK has passed a span to it, or has shut it down. */
  readonly isInUse: boolean;
  whenInUse(stopWatching: () => void): void;
}

// Time before the first check. A provider is usually registered right after its processors are created; some wait for a
// remote configuration.
const GRACE_MILLIS = 30_000;
// Longest pause between two checks. An idle process is checked again and again, with pauses that double.
const MAX_PAUSE_MILLIS = 3_600_000;
const MAX_DEPTH = 3;
const MAX_OBJECTS = 200;

const PLAIN = /^(?:Batch|Noop|Simple)SpanProcessor$/;

/** Tells whether a processor holds no other processor. Any class but OpenTelemetry's own may hide one of this package. */
export function isPlain(processor: object): boolean {
  return PLAIN.test(classNameOf(processor));
}

/** The processors and exporters of one client, which must be registered with a tracer provider. No method throws. */
export class RegistrationCheck {
  readonly #client: ClientCore;
  /** Those that no SDK has used yet. */
  readonly #components = new Set<Watched>();
  #hasExporter = false;

  constructor(client: ClientCore) {
    this.#client = client;
  }

  /** Checks after 30 seconds that a processor or exporter is registered, and reports it if not. */
  watch(created: Registrable): void {
    const component = { ...created, isBehind: isRegistered("trace") };
    this.#components.add(component);
    this.#hasExporter ||= component.kind === "SentrySpanExporter";
    this.#checkAfter(component, GRACE_MILLIS);
  }

  /** True if spans may reach the client through an exporter. */
  get hasExporter(): boolean {
    return this.#hasExporter;
  }

  /** True if there is a processor or exporter that no SDK has used yet. */
  get hasUnused(): boolean {
    return this.#components.size > 0;
  }

  /** Reports the components that are not registered. Call it when the client or the process ends. */
  reportAll(): void {
    for (const component of this.#components)
      attempt(() => report(this.#client, component), undefined);
  }

  #checkAfter(component: Watched, pauseMillis: number): void {
    const client = this.#client;
    const stop = startDetachedTimer(pauseMillis, () => {
      if (attempt(() => reportIfCertain(client, component), true) || client.isClosed) return;
      this.#checkAfter(component, Math.min(2 * pauseMillis, MAX_PAUSE_MILLIS));
    });
    component.instance.whenInUse(() => {
      stop();
      this.#components.delete(component);
    });
  }
}

/** Reports a component that is not registered. Returns false if it is too early to tell. */
function reportIfCertain(client: ClientCore, component: Watched): boolean {
  const processors = registeredProcessors();
  if (processors === "none" && mayBeLocal(client)) return false;
  if (processors === "none" || isTransparent(processors)) report(client, component);
  return true;
}

function report(client: ClientCore, component: Watched): void {
  const { kind, instance } = component;
  if (instance.isInUse || !hasDestination(client.settings) || isFaultReported(API_COPIES)) return;
  if (pipelineFromEnvironment().isDisabled) return;
  const processors = registeredProcessors();
  // A provider of another SDK does not show its processors, and an exporter may be behind a processor that does not
  // show it.
  const isHidden =
    processors === "foreign" || (processors !== "none" && kind === "SentrySpanExporter");
  if (isHidden || (processors === "none" ? mayBeLocal(client) : reaches(processors, instance)))
    return;
  const [fault, message] = faultOf(component, processors);
  client.diagnostics.faultOnce(fault, message);
}

function faultOf(
  { kind, isBehind }: Watched,
  processors: ReturnType<typeof registeredProcessors>,
): readonly [kind: string, message: string] {
  // The provider was then given to a copy of the API that could not register it.
  if (hasForeignRegistration()) return [API_COPIES, copiesMessage()];
  if (typeof processors === "string")
    return [NOT_TRACED, messageFor(kind, "no tracer provider is registered")];
  if (processors.some(isOwnProcessor)) return [SET_UP_TWICE, TWICE];
  if (isBehind) return [SET_UP_TWICE, behindMessage(kind, processors)];
  return [
    NOT_TRACED,
    messageFor(kind, "the registered tracer provider does not have it", MISSPELLED),
  ];
}

function isOwnProcessor(processor: object): boolean {
  return classNameOf(processor) === "SentrySpanProcessor";
}

const TWICE =
  "OpenTelemetry is set up twice: another set-up registered its provider first, and its SentrySpanProcessor receives the spans. " +
  "This one receives none. Remove one of the set-ups; `otel-sentry-bridge/register` counts as one";

function behindMessage(kind: Registrable["kind"], processors: readonly object[]): string {
  const names = processors.map(classNameOf).join(", ") || "no processor";
  return (
    `${unusedMessage(kind)}before it, a provider with ${names} was registered, and OpenTelemetry ignores a second one. ` +
    "Either pass the processor to the first provider, or call attachToGlobalProvider(processor)"
  );
}

function unusedMessage(kind: Registrable["kind"]): string {
  return `a ${kind} was created, but no span has reached it: `;
}

// A process with a context manager may use a provider without registering it, and may not have traced anything yet.
function mayBeLocal(client: ClientCore): boolean {
  return isRegistered("context") && client.activity() === 0;
}

// A custom processor of the application may still forward spans to this one later.
function isTransparent(processors: readonly object[] | "foreign"): boolean {
  return (
    processors !== "foreign" && processors.every((each) => isPlain(each) || isOwnProcessor(each))
  );
}

const MISSPELLED =
  "SDKs ignore options that they do not know, such as `spanProcessor` for `spanProcessors`. ";

function messageFor(kind: Registrable["kind"], provider: string, hint = ""): string {
  return (
    `${unusedMessage(kind)}${provider}, so no transactions are sent. ${hint}` +
    "Pass it to your provider, such as new NodeSDK({ spanProcessors: [processor] }), and start the provider (sdk.start()) before the first span"
  );
}

// Searches the fields of processors, which hold other processors and exporters. A proxy may throw.
function reaches(roots: readonly unknown[], target: object): boolean {
  const seen = new Set<unknown>(roots);
  let level: readonly unknown[] = roots;
  for (let depth = 0; depth <= MAX_DEPTH && seen.size < MAX_OBJECTS; depth += 1) {
    if (level.includes(target)) return true;
    const next = level.flatMap(propertiesOf).filter((property) => !seen.has(property));
    for (const property of next) seen.add(property);
    level = next;
  }
  return false;
}

function propertiesOf(value: unknown): unknown[] {
  if (typeof value !== "object" || value === null) return [];
  // Reads descriptors instead of values: getters may have side effects.
  const fields = Object.values(Object.getOwnPropertyDescriptors(value));
  return fields.map((field) => field.value).filter((property) => typeof property === "object");
}
