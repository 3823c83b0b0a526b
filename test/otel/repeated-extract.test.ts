import { ROOT_CONTEXT, SpanKind, context, propagation, trace } from "@opentelemetry/api";
import type { Context, TextMapPropagator } from "@opentelemetry/api";
import {
  CompositePropagator,
  W3CBaggagePropagator,
  W3CTraceContextPropagator,
} from "@opentelemetry/core";
import { describe, expect, it } from "vitest";

import {
  SentryPropagator,
  captureMessage,
  forkIsolation,
  getIsolationScope,
  setTag,
  setUser,
  withIsolationScope,
} from "../../src/index.js";
import { TracePropagator } from "../../src/otel/propagator.js";
import { useRulesKit } from "../isolation/rules-kit.js";
import { extract } from "./propagation-kit.js";
import type { CarrierHeaders } from "./propagation-kit.js";

const TRACE = "4c79f60c11214eb38604f4ae0781bfb2";
const OTHER_TRACE = "0af7651916cd43dd8448eb211c80319c";
const SENDER = "b0e6f15b45c36b12";
const OTHER_SENDER = "b7ad6b7169203331";

const ours = new SentryPropagator();
const PROPAGATORS: [string, TextMapPropagator][] = [
  ["ours alone", ours],
  [
    "ours behind the W3C propagators",
    new CompositePropagator({
      propagators: [new W3CTraceContextPropagator(), new W3CBaggagePropagator(), ours],
    }),
  ],
];

const HEADERS: [string, CarrierHeaders][] = [
  ["no headers", {}],
  ["sentry-trace", { "sentry-trace": `${TRACE}-${SENDER}-1` }],
  ["a deferred decision", { "sentry-trace": `${TRACE}-${SENDER}` }],
  ["traceparent", { traceparent: `00-${TRACE}-${SENDER}-01` }],
  [
    "both, with baggage",
    {
      "sentry-trace": `${TRACE}-${SENDER}-1`,
      traceparent: `00-${TRACE}-${SENDER}-01`,
      baggage: `a=1,sentry-trace_id=${TRACE},sentry-sample_rand=0.25`,
    },
  ],
  ["headers that cannot be read", { "sentry-trace": "garbage", traceparent: "garbage" }],
];

const kit = useRulesKit();

function read(headers: CarrierHeaders, propagator: TextMapPropagator = ours): Context {
  return extract(headers, context.active(), propagator);
}

function inSpan(name: string, kind: SpanKind, body: () => void): void {
  kit.tracer.startActiveSpan(name, { kind }, (span) => {
    body();
    span.end();
  });
}

/** A request as an HTTP instrumentation opens it. */
function inRequest(
  headers: CarrierHeaders,
  body: () => void,
  propagator = ours as TextMapPropagator,
): void {
  const ctx = extract(headers, ROOT_CONTEXT, propagator);
  context.with(ctx, () => inSpan("request", SpanKind.SERVER, body));
}

function consume(headers: CarrierHeaders, user: string, propagator: TextMapPropagator): void {
  context.with(read(headers, propagator), () =>
    inSpan(user, SpanKind.CONSUMER, () => setUser({ id: user })),
  );
}

function foreign(sender: string): CarrierHeaders {
  return {
    "sentry-trace": `${TRACE}-${sender}-1`,
    baggage: `sentry-trace_id=${TRACE},sentry-org_id=2`,
  };
}

describe.each(PROPAGATORS)(
  "headers that are read twice in one request (%s)",
  (_name, propagator) => {
    it.each(HEADERS)(
      "%s: one transaction, with what is set in the inner layer",
      async (_, headers) => {
        inRequest(
          headers,
          () => {
            setTag("outer", "yes");
            context.with(read(headers, propagator), () =>
              inSpan("layer", SpanKind.SERVER, () => {
                setUser({ id: "anna" });
                setTag("inner", "yes");
              }),
            );
            captureMessage("behind the layer");
          },
          propagator,
        );
        const transactions = await kit.sent();
        expect([...transactions.keys()]).toEqual(["request"]);
        const { user, tags, spans } = transactions.get("request") ?? {};
        expect(user?.id).toBe("anna");
        expect(tags).toMatchObject({ outer: "yes", inner: "yes" });
        expect(spans?.map((span) => span.description)).toEqual(["layer"]);
        const [error] = await kit.sentErrors();
        expect(error?.user?.id).toBe("anna");
      },
    );

    it("also three times, below a child span and a fork", async () => {
      const headers = { "sentry-trace": `${TRACE}-${SENDER}-1` };
      inRequest(
        headers,
        () =>
          inSpan("middleware", SpanKind.INTERNAL, () =>
            withIsolationScope(() => {
              setUser({ id: "fork" });
              context.with(read(headers, propagator), () =>
                context.with(read(headers, propagator), () =>
                  inSpan("layer", SpanKind.SERVER, () => setTag("inner", "yes")),
                ),
              );
              expect(getIsolationScope().data.tags).toMatchObject({ inner: "yes" });
            }),
          ),
        propagator,
      );
      const transactions = await kit.sent();
      expect([...transactions.keys()]).toEqual(["request"]);
      expect(transactions.get("request")?.user).toBeUndefined();
    });

    it("keeps baggage that only the second layer reads", () => {
      inRequest({}, () => {
        const ctx = read({ baggage: "tenant=blue" }, propagator);
        const isRead = propagator !== ours;
        expect(propagation.getBaggage(ctx)?.getEntry("tenant")?.value).toBe(
          isRead ? "blue" : undefined,
        );
        expect(trace.getSpan(ctx)).toBe(trace.getActiveSpan());
      });
    });

    it("also behind the end of the request's span", async () => {
      const headers = { "sentry-trace": `${TRACE}-${SENDER}-1` };
      kit.tracer.startActiveSpan("request", { kind: SpanKind.SERVER }, (request) => {
        request.end();
        context.with(read({}, propagator), () => setUser({ id: "anna" }));
        captureMessage("behind the layer");
      });
      inRequest(
        headers,
        () => {
          trace.getActiveSpan()?.end();
          context.with(read(headers, propagator), () => setUser({ id: "anna" }));
          captureMessage("behind the layer");
        },
        propagator,
      );
      await kit.sent();
      const errors = await kit.sentErrors();
      expect(errors.map(({ user }) => user?.id)).toEqual(["anna", "anna"]);
    });

    it("of a trace that is not sampled: errors behind the inner layer have its user", async () => {
      const headers = {
        "sentry-trace": `${TRACE}-${SENDER}-0`,
        traceparent: `00-${TRACE}-${SENDER}-00`,
      };
      const ctx = extract(headers, ROOT_CONTEXT, propagator);
      context.with(
        trace.setSpanContext(ctx, { traceId: TRACE, spanId: "c".repeat(16), traceFlags: 0 }),
        () => {
          context.with(read(headers, propagator), () => setUser({ id: "anna" }));
          captureMessage("behind the layer");
        },
      );
      const [error] = await kit.sentErrors();
      expect(error?.user?.id).toBe("anna");
    });
  },
);

describe("messages that are read under one span", () => {
  it.each(PROPAGATORS)(
    "are a unit each where each has a trace of its own (%s)",
    async (_, propagator) => {
      context.with(forkIsolation(ROOT_CONTEXT), () =>
        inSpan("poll", SpanKind.CLIENT, () => {
          consume({ "sentry-trace": `${TRACE}-${SENDER}-1` }, "anna", propagator);
          consume({ traceparent: `00-${OTHER_TRACE}-${SENDER}-01` }, "bert", propagator);
        }),
      );
      const transactions = await kit.sent();
      expect([...transactions].map(([name, { user }]) => [name, user?.id])).toEqual([
        ["anna", "anna"],
        ["bert", "bert"],
        ["poll", undefined],
      ]);
    },
  );

  it.each(PROPAGATORS)(
    "are a unit each where several senders of the consumer's trace sent them (%s)",
    async (_, propagator) => {
      context.with(
        extract({ "sentry-trace": `${TRACE}-${"d".repeat(16)}-1` }, ROOT_CONTEXT, propagator),
        () =>
          inSpan("batch", SpanKind.CONSUMER, () => {
            consume({ "sentry-trace": `${TRACE}-${SENDER}-1` }, "anna", propagator);
            consume({ "sentry-trace": `${TRACE}-${OTHER_SENDER}-1` }, "bert", propagator);
          }),
      );
      const transactions = await kit.sent();
      expect(
        [...transactions].map(([name, { user, contexts }]) => [
          name,
          user?.id,
          contexts.trace?.parent_span_id,
        ]),
      ).toEqual([
        ["anna", "anna", SENDER],
        ["bert", "bert", OTHER_SENDER],
        ["batch", undefined, "d".repeat(16)],
      ]);
    },
  );

  it("belong to the unit around them where they name no trace", async () => {
    inSpan("poll", SpanKind.CONSUMER, () => consume({}, "anna", ours));
    const transactions = await kit.sent();
    expect([...transactions].map(([name, { user }]) => [name, user?.id])).toEqual([
      ["poll", "anna"],
    ]);
  });
});

describe("a trace of another organization, which is not continued", () => {
  const strict = new TracePropagator({
    policy: () => ({
      continuation: { orgId: "1", isStrict: false },
      targets: undefined,
      ingestHost: undefined,
    }),
  });

  it("is refused once for a request whose headers are read twice", async () => {
    inRequest(
      foreign(SENDER),
      () =>
        context.with(read(foreign(SENDER), strict), () =>
          inSpan("layer", SpanKind.SERVER, () => setUser({ id: "anna" })),
        ),
      strict,
    );
    const transactions = await kit.sent();
    expect([...transactions.keys()]).toEqual(["request"]);
    expect(transactions.get("request")?.user?.id).toBe("anna");
    expect(transactions.get("request")?.contexts.trace?.trace_id).not.toBe(TRACE);
  });

  it("makes messages under one span units of their own", () => {
    inSpan("poll", SpanKind.CONSUMER, () => {
      const [one, other] = [SENDER, OTHER_SENDER].map((sender) =>
        getIsolationScope(read(foreign(sender), strict)),
      );
      expect(one).not.toBe(other);
      expect(one).not.toBe(getIsolationScope());
    });
  });
});

it("a carrier that is read outside of its request is another request's", () => {
  const headers = { "sentry-trace": `${TRACE}-${SENDER}-1` };
  inRequest(headers, () => {
    const other = extract(headers, ROOT_CONTEXT);
    expect(trace.getSpanContext(other)).toMatchObject({ spanId: SENDER, isRemote: true });
    expect(getIsolationScope(other)).not.toBe(getIsolationScope());
  });
});
