import {
  ROOT_CONTEXT,
  defaultTextMapGetter,
  defaultTextMapSetter,
  trace,
} from "@opentelemetry/api";
import type { Context, SpanContext, TextMapPropagator } from "@opentelemetry/api";
import {
  CompositePropagator,
  W3CBaggagePropagator,
  W3CTraceContextPropagator,
} from "@opentelemetry/core";
import { expect } from "vitest";

import { TracePropagator } from "../../src/otel/propagator.js";
import { parseBaggage } from "../../src/trace/baggage.js";

export const TRACE = "4c79f60c11214eb38604f4ae0781bfb2";
export const SPAN = "b0e6f15b45c36b12";
export const OTHER_TRACE = "0af7651916cd43dd8448eb211c80319c";
export const OTHER_SPAN = "b7ad6b7169203331";
export const SENTRY_TRACE = `${TRACE}-${SPAN}-1`;
export const BAGGAGE = `sentry-trace_id=${TRACE},sentry-sample_rand=0.25,sentry-public_key=k`;
export const DSC = { trace_id: TRACE, sample_rand: "0.25", public_key: "k" };

export type CarrierHeaders = Record<string, string | string[]>;

export const alone = new TracePropagator();
export const w3c = [new W3CTraceContextPropagator(), new W3CBaggagePropagator()];
export const first = new CompositePropagator({ propagators: [new TracePropagator(), ...w3c] });
export const last = new CompositePropagator({ propagators: [...w3c, new TracePropagator()] });
export const everyOrder: [string, TextMapPropagator][] = [
  ["alone", alone],
  ["before the W3C propagators", first],
  ["after the W3C propagators", last],
];

export function extract(
  headers: CarrierHeaders,
  ctx: Context = ROOT_CONTEXT,
  propagator: TextMapPropagator = alone,
): Context {
  return propagator.extract(ctx, headers, defaultTextMapGetter);
}

export function inject(
  ctx: Context,
  carrier: CarrierHeaders = {},
  propagator: TextMapPropagator = alone,
): CarrierHeaders {
  propagator.inject(ctx, carrier, defaultTextMapSetter);
  return carrier;
}

export function spanOf(ctx: Context): SpanContext | undefined {
  return trace.getSpanContext(ctx);
}

export function withSpan(changes: Partial<SpanContext> = {}, ctx: Context = ROOT_CONTEXT): Context {
  return trace.setSpanContext(ctx, { traceId: TRACE, spanId: SPAN, traceFlags: 1, ...changes });
}

export function membersOf(headers: CarrierHeaders): Record<string, string> {
  const baggage = headers["baggage"];
  if (typeof baggage !== "string") return {};
  const members = parseBaggage(baggage);
  // A member that is written twice would hide here.
  expect(new Set(members.map((member) => member.key)).size).toBe(members.length);
  return Object.fromEntries(members.map((member) => [member.key, member.value]));
}

export function prefixed(dsc: Record<string, string>): Record<string, string> {
  return Object.fromEntries(Object.entries(dsc).map(([key, value]) => [`sentry-${key}`, value]));
}

/** A callback of a user or a carrier that fails. */
export function throwing(): never {
  throw new Error("not ours");
}
