import { SpanStatusCode, trace } from "@opentelemetry/api";

const tracer = trace.getTracer("shop");

/**
 * Runs `work` in a span of its own. The span is active while `work` runs, and only there: what runs
 * beside it, in another branch of a `Promise.all`, does not see it.
 *
 * @template T
 * @param {string} name
 * @param {import("@opentelemetry/api").SpanOptions} options
 * @param {(span: import("@opentelemetry/api").Span) => T | Promise<T>} work
 * @returns {Promise<T>}
 */
export function inSpan(name, options, work) {
  return tracer.startActiveSpan(name, options, async (span) => {
    try {
      return await work(span);
    } catch (error) {
      span.recordException(error);
      span.setStatus({ code: SpanStatusCode.ERROR, message: error.message });
      throw error;
    } finally {
      span.end();
    }
  });
}
