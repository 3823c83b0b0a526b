// handler.mjs
import { SpanKind, SpanStatusCode, trace } from "@opentelemetry/api";
import { continueTrace, flush, setUser } from "otel-sentry-bridge";

const tracer = trace.getTracer("functions");

/** The platform freezes the process with the answer: everything is sent before that. */
export async function handler(event) {
  try {
    return await continueTrace(event.headers ?? {}, () => traced(event));
  } finally {
    await flush();
  }
}

async function traced(event) {
  return await tracer.startActiveSpan("checkout", { kind: SpanKind.SERVER }, async (span) => {
    try {
      return pay(event);
    } catch (error) {
      span.recordException(error);
      span.setStatus({ code: SpanStatusCode.ERROR });
      throw error;
    } finally {
      span.end();
    }
  });
}

function pay({ user, total }) {
  setUser({ id: user });
  if (total < 0) throw new Error("negative total");
  return { statusCode: 200, body: "paid" };
}
