import { DiagLogLevel, diag } from "@opentelemetry/api";
import { expect, it, onTestFinished } from "vitest";

import { REFUSAL_FAULT } from "../../src/delivery/send-outcomes.js";
import { ProxyError } from "../../src/delivery/http/proxy-errors.js";
import { reportFinalLoss } from "../../src/setup/final-loss.js";
import { createDiagnostics } from "../../src/support/diagnostics.js";

function ignore(): void {}

function faults(): string[] {
  const messages: string[] = [];
  diag.setLogger(
    {
      error: (message) => void messages.push(message),
      warn: ignore,
      info: ignore,
      debug: ignore,
      verbose: ignore,
    },
    { logLevel: DiagLogLevel.ALL, suppressOverrideMessage: true },
  );
  onTestFinished(() => diag.disable());
  return messages;
}

function lose(target: string, lastError: Error): void {
  reportFinalLoss(createDiagnostics(diag), {
    counts: {
      attempts: { retries: 0, held: 0, isReachable: false, lastError },
      sender: {
        abandoned: { error: 3 },
        delivered: {},
        queued: {},
        queuedItems: 0,
        queuedBytes: 0,
        inFlight: 0,
        oldestQueuedMillis: 0,
        envelopesSent: 0,
      },
    },
    dropped: {},
    target,
    isClosed: true,
    shutdownTimeoutMillis: 2000,
  });
}

it("the loss of one client is reported although the connection of another was refused", () => {
  const messages = faults();
  createDiagnostics(diag).faultOnce(REFUSAL_FAULT, "refused");

  lose("http://a", new ProxyError("refused", { code: "ERR_PROXY_STATUS", isFinal: true }));
  expect(messages).toEqual(["otel-sentry-bridge: refused"]);

  lose("http://b", Object.assign(new Error("no"), { code: "ECONNREFUSED" }));
  expect(messages).toHaveLength(2);
  expect(messages[1]).toContain(
    "3 errors could not be delivered to http://b: nothing is listening",
  );
});
