import { context, trace } from "@opentelemetry/api";
import { describe, expect, it } from "vitest";

import {
  captureException,
  captureMessage,
  continueTrace,
  forkIsolation,
  logger,
} from "../../src/index.js";
import { startBridge } from "../client/bridge.js";
import { logsOf } from "../logs/telemetry-rules.js";

const TRACE_ID = "0af7651916cd43dd8448eb211c80319c";
const HEADERS = {
  "sentry-trace": `${TRACE_ID}-b7ad6b7169203331-1`,
  baggage: `sentry-trace_id=${TRACE_ID},sentry-release=sender%401`,
};

/** Returns the trace ids of an error, a message and a log that are captured in the active context. */
async function tracesOf(run: (capture: () => void) => void): Promise<unknown[]> {
  const { client, transport } = startBridge();
  run(() => {
    captureException(new Error("refused"));
    captureMessage("refused");
    logger.info("refused");
  });
  await client.flush();
  const events = transport.errors().map(({ contexts }) => contexts?.["trace"]?.["trace_id"]);
  const logs = logsOf(transport.envelopes).map((log) => log.trace_id);
  return [...events, ...logs];
}

function withoutSpan(capture: () => void): void {
  context.with(trace.deleteSpan(context.active()), capture);
}

describe("where no span is active, errors, messages and logs share a trace", () => {
  it("with the id of the incoming trace, if the context has one", async () => {
    const traces = await tracesOf((capture) => continueTrace(HEADERS, () => withoutSpan(capture)));
    expect(traces).toEqual([TRACE_ID, TRACE_ID, TRACE_ID]);
  });

  it("with an id of the unit of work, if there is no incoming trace", async () => {
    const traces = await tracesOf((capture) => context.with(forkIsolation(), capture));
    expect(traces).toHaveLength(3);
    expect(new Set(traces).size).toBe(1);
  });
});
