import { describe, expectTypeOf, it } from "vitest";

import type {
  Breadcrumb,
  ClientOptions,
  ErrorEvent,
  EventProcessor,
  IncomingTraceHeaders,
  SentryEvent,
  TraceHeaders,
  TransactionEvent,
} from "../../src/index.js";

type Hook<Name extends keyof ClientOptions> = NonNullable<ClientOptions[Name]>;
type Later = Promise<null>;

describe("the type of a hook", () => {
  it("accepts a promise if the event can wait", () => {
    expectTypeOf<(event: ErrorEvent) => Promise<ErrorEvent>>().toExtend<Hook<"beforeSend">>();
    expectTypeOf<(event: TransactionEvent) => Promise<TransactionEvent | null>>().toExtend<
      Hook<"beforeSendTransaction">
    >();
  });

  it("refuses a promise where the hook must be synchronous", () => {
    expectTypeOf<() => Promise<Breadcrumb>>().not.toExtend<Hook<"beforeBreadcrumb">>();
    expectTypeOf<() => Later>().not.toExtend<Hook<"beforeBreadcrumb">>();
    expectTypeOf<() => Later>().not.toExtend<Hook<"beforeSendSpan">>();
    expectTypeOf<() => Later>().not.toExtend<Hook<"beforeSendLog">>();
    expectTypeOf<() => Later>().not.toExtend<Hook<"beforeSendMetric">>();
    expectTypeOf<() => Promise<number>>().not.toExtend<Hook<"tracesSampler">>();
  });

  it("accepts a new item instead of the given one", () => {
    expectTypeOf<(breadcrumb: Breadcrumb) => Breadcrumb>().toExtend<Hook<"beforeBreadcrumb">>();
    expectTypeOf<() => { message: string }>().toExtend<Hook<"beforeBreadcrumb">>();
  });
});

function emptied(event: SentryEvent): SentryEvent {
  return event.type === "transaction" ? { ...event, spans: [] } : { ...event, level: "error" };
}

describe("the type of an event", () => {
  it("is distinguished by `type`, in event processors and hooks", () => {
    expectTypeOf<Extract<SentryEvent, { type: "transaction" }>>().toEqualTypeOf<TransactionEvent>();
    expectTypeOf<SentryEvent["type"]>().toExtend<string | undefined>();
    expectTypeOf(emptied).toExtend<EventProcessor>();
  });
});

describe("the type of trace headers", () => {
  it("is assignable to the headers of HTTP clients", () => {
    expectTypeOf<TraceHeaders>().toExtend<ConstructorParameters<typeof Headers>[0]>();
    expectTypeOf<TraceHeaders>().toExtend<Record<string, string>>();
    expectTypeOf<TraceHeaders>().toExtend<NonNullable<RequestInit["headers"]>>();
    expectTypeOf<TraceHeaders>().toExtend<IncomingTraceHeaders>();
  });

  it("accepts headers that may be missing", () => {
    expectTypeOf<{ baggage: string | undefined }>().toExtend<IncomingTraceHeaders>();
  });
});
