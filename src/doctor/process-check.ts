import {
  ROOT_CONTEXT,
  TraceFlags,
  defaultTextMapGetter,
  defaultTextMapSetter,
  propagation,
  trace,
} from "@opentelemetry/api";
import type { SpanContext } from "@opentelemetry/api";

import {
  API_COPIES,
  NO_CONTEXT_MANAGER,
  hasForeignRegistration,
  hasOlderApi,
  hasWorkingContextManager,
  isRegistered,
} from "../context/api-registration.js";
import { writeContextScopes } from "../context/scope-context.js";
import { emptyUnit } from "../scope/unit.js";
import { SPAN_KIND } from "../trace/span.js";
import { getClient } from "../context/global-client.js";
import type { RegisteredClient } from "../context/global-client.js";
import { registeredProcessors } from "../setup/attach.js";
import { isPlain } from "../setup/registration-check.js";
import { attempt, classNameOf } from "../support/foreign.js";
import { observation } from "../support/observation.js";
import { finding } from "./finding.js";
import type { Examination, Fact, Finding, Severity } from "./finding.js";
import { fixForUntraced, hasHttpInstrumentation } from "./load-order.js";
import { addCommand } from "./package-manager.js";
import type { DoctorObserver } from "./observer.js";
import { checkOtlpSender, onlyWith } from "./otlp-sender.js";
import { checkVendorSdk } from "./vendor-sdk.js";

/**
 * Checks what is registered with OpenTelemetry in this process. Without a client nothing of this package is in use, which
 * is then the fault. Never throws.
 */
export function checkProcess(
  client: RegisteredClient | undefined,
  observer: DoctorObserver | undefined,
): Examination {
  const hasContexts = hasWorkingContextManager();
  const facts: Fact[] = [
    { name: "processors", value: processorNames() },
    { name: "contexts", value: hasContexts ? "work" : "none become active" },
    { name: "propagator", value: propagation.fields().join(", ") || "none" },
  ];
  const { captureUncaught, dsn } = client?.core.settings ?? {};
  const findings = [...checkVendorSdk(captureUncaught === true), ...checkOtlpSender(dsn)];
  const { faults } = observation;
  const isTraced = client !== undefined && isRegistered("trace");
  if (isTraced) findings.push(...checkPropagation(client, observer));
  // A client without spans needs contexts once it uses scopes.
  const needsContexts = isTraced || faults.has(NO_CONTEXT_MANAGER);
  const isForeign = faults.has(API_COPIES) || hasForeignRegistration();
  if (needsContexts && !hasContexts && !isForeign) findings.push(noContextManager());
  return { facts, findings };
}

function processorNames(): string {
  const processors = registeredProcessors();
  if (processors === "none") return "no tracer provider is registered";
  if (processors === "foreign") return "of a provider that does not show them";
  return processors.map(classNameOf).join(", ") || "none";
}

function noContextManager(): Finding {
  return finding({
    name: "no-context-manager",
    summary: "No context manager works in this process: no span and no scope can become active.",
    mechanism:
      "Each span is a trace of its own, and users and tags do not follow a request. NodeSDK and `register` set one.",
    fix: "Install one, and register it before the first span:",
    code: `// ${addCommand(`@opentelemetry/context-async-hooks@${hasOlderApi() ? 2 : 3}`)}\ncontext.setGlobalContextManager(\n  new AsyncLocalStorageContextManager().enable());`,
  });
}

function checkPropagation(
  { dsn }: RegisteredClient,
  observer: DoctorObserver | undefined,
): Finding[] {
  const fields = propagation.fields();
  // Without an observer it is not known that there are calls.
  const [, servers = 0, clients = 0] = observer?.spans ?? [0, 1];
  if (!fields.includes("sentry-trace"))
    return servers + clients === 0 ? [] : [noPropagator(fields)];
  return attempt(() => propagatorOrder(dsn !== undefined), []);
}

// Named like the option of NodeSDK, so that it can be passed as it is.
const IN_ORDER = `const textMapPropagator = new CompositePropagator({ propagators: [
  new W3CTraceContextPropagator(), new W3CBaggagePropagator(),
  new SentryPropagator()] });\n${registering("textMapPropagator")}`;

// The headers that SentryPropagator also reads and writes.
const STANDARD: ReadonlySet<string> = new Set(["baggage", "traceparent", "tracestate"]);
const ALONE = registering("new SentryPropagator()", "textMapPropagator: new SentryPropagator()");

function registering(propagator: string, option = propagator): string {
  return `new NodeSDK({ ${option} });\n// or, without NodeSDK\npropagation.setGlobalPropagator(${propagator});`;
}

function noPropagator(fields: readonly string[]): Finding {
  return finding({
    name: "no-propagator",
    severity: "warning",
    summary:
      fields.length === 0
        ? "No propagator is registered, so no headers of traces are read or written."
        : `The registered propagator reads and writes ${fields.join(", ")}, but not sentry-trace.`,
    mechanism:
      "Traces are not continued from and to services and browsers that use Sentry's headers.",
    ...(fields.every((field) => STANDARD.has(field))
      ? {
          fix: "Register SentryPropagator, which reads and writes the W3C headers, too:",
          code: ALONE,
        }
      : { fix: "Register SentryPropagator, last in a composite propagator:", code: IN_ORDER }),
  });
}

const SPAN: SpanContext = {
  traceId: "d0c7000000000000000000000000d0c7",
  spanId: "d0c700000000d0c7",
  traceFlags: TraceFlags.SAMPLED,
};
const SENDER = "d0c700000000aaaa";
const OTHER = "d0c700000000bbbb";

// Tries the propagators with a carrier, because the list of a composite propagator is a private field.
// Without a DSN there is no sampling context that SentryPropagator could write.
function propagatorOrder(hasDsn: boolean): Finding[] {
  const ctx = writeContextScopes(ROOT_CONTEXT, {
    unit: emptyUnit(),
    current: undefined,
    incoming: undefined,
  });
  const baggage = propagation.createBaggage({ probe: { value: "1" } });
  const sent: Record<string, string> = {};
  propagation.inject(
    propagation.setBaggage(trace.setSpanContext(ctx, SPAN), baggage),
    sent,
    defaultTextMapSetter,
  );
  const received = propagation.extract(
    ctx,
    {
      "sentry-trace": `${SPAN.traceId}-${SENDER}-1`,
      traceparent: `00-${SPAN.traceId}-${OTHER}-01`,
    },
    defaultTextMapGetter,
  );
  const overwrites: string[] = [];
  const writes = hasDsn && sent["sentry-trace"] !== undefined;
  if (writes && sent["baggage"]?.includes("sentry-") === false)
    overwrites.push("the header `baggage` that SentryPropagator has written");
  if (trace.getSpanContext(received)?.spanId === OTHER)
    overwrites.push("the parent that SentryPropagator has read");
  return overwrites.length === 0 ? [] : [wrongOrder(overwrites)];
}

function wrongOrder(overwrites: readonly string[]): Finding {
  return finding({
    name: "propagator-order",
    summary: `Another propagator overwrites ${overwrites.join(" and ")}.`,
    mechanism:
      "The last one wins. Services that receive the headers lack the sampling context, or continue another span.",
    fix: "Put SentryPropagator last:",
    code: IN_ORDER,
  });
}

/** If so many requests should have been sampled and none was, it is a fault: a warning from 20 on, an error from 100 on. */
const MIN_SAMPLED = 20;
const SURELY_SAMPLED = 100;

/** Requests that the servers of a process have received. */
export interface Traffic {
  /** HTTP requests that should have been sampled. */
  readonly requests: number;
  /** True if no instrumentation has patched the server of a request. */
  readonly isUnpatched: boolean;
  /** True if errors, check-ins, logs or metrics were captured. */
  readonly isUsed: boolean;
  /** True if there is a processor that no provider has used. */
  readonly isUnused: boolean;
}

/** Returns the finding for a process in which nothing was traced; none if something was. */
export function checkTraffic(observer: DoctorObserver, traffic: Traffic): Finding[] {
  const { requests } = traffic;
  const { total } = observer;
  // The provider is then a local one, or missing.
  if (total === 0 && !isRegistered("trace"))
    return traffic.isUnused ? [withoutProvider(requests)] : [];
  const isHttp = hasUntraced(traffic);
  const isUntraced = isHttp ? hasNoServerSpan(observer) : total === 0 && !traffic.isUsed;
  if ((total === 0 || isUntraced) && hasNoProcessor()) return [noProcessor()];
  if (!isUntraced) return [];
  const isCertain = requests >= SURELY_SAMPLED && total === 0;
  return [untraced(isHttp, isCertain ? "error" : "warning")];
}

function hasNoServerSpan({ spans }: DoctorObserver): boolean {
  return (spans[SPAN_KIND.SERVER] ?? 0) === 0;
}

function hasUntraced({ requests, isUnpatched }: Traffic): boolean {
  return requests >= MIN_SAMPLED || (requests > 0 && isUnpatched && hasHttpInstrumentation());
}

/** The consequence where no span is seen. */
export const NO_TRANSACTIONS = "Sentry gets no transactions.";

/** The code of a provider that has the processor. */
export const STARTED_SDK = onlyWith("processor");

function withoutProvider(requests: number): Finding {
  return finding({
    name: "not-traced",
    severity: requests > 0 ? "error" : "warning",
    summary:
      "A SentrySpanProcessor was created, but no tracer provider is registered, and no span has reached it.",
    mechanism: `Without a provider OpenTelemetry records nothing. ${NO_TRANSACTIONS}`,
    fix: "Pass the processor to the provider, and start it before the first span:",
    code: STARTED_SDK,
  });
}

function untraced(isHttp: boolean, severity: Severity): Finding {
  return finding({
    name: isHttp ? "http-not-traced" : "no-spans",
    severity,
    summary: isHttp
      ? "HTTP requests were received, but no server span has started."
      : "A tracer provider is registered, but no span has reached a SentrySpanProcessor.",
    mechanism:
      "Instrumentations are missing or loaded too late, the sampler drops every trace, or the provider lacks the processor.",
    ...fixForUntraced(isHttp),
  });
}

function hasNoProcessor(): boolean {
  const processors = registeredProcessors();
  return typeof processors === "object" && processors.every(isPlain);
}

/** Returns the finding for a tracer provider without a processor of this package. */
export function noProcessor(): Finding {
  // A processor without a client would create another one, from the environment alone.
  const processor = `new SentrySpanProcessor(${getClient() === undefined ? "" : "getClient()"})`;
  return finding({
    name: "no-processor",
    summary: `The registered tracer provider has no SentrySpanProcessor; its processors: ${processorNames()}.`,
    mechanism: NO_TRANSACTIONS,
    fix: "Either add it to the provider's list, which replaces NodeSDK's own OTLP export, or attach it once the provider is registered:",
    code: `${onlyWith(processor)}\n// or\nattachToGlobalProvider(${processor});`,
  });
}
