import { DiagLogLevel, diag } from "@opentelemetry/api";
import { expect, it, onTestFinished } from "vitest";

import { REFUSAL_FAULT } from "../../src/delivery/send-outcomes.js";
import { ProxyError } from "../../src/delivery/http/proxy-errors.js";
import type { DataCategory } from "../../src/protocol/data-category.js";
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

function lose(
  target: string,
  lastError?: Error,
  abandoned: Partial<Record<DataCategory, number>> = { error: 3 },
): void {
  reportFinalLoss(createDiagnostics(diag), {
    counts: {
      attempts: { retries: 0, held: 0, isReachable: lastError === undefined, lastError },
      sender: {
        abandoned,
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

// A fault is reported once per target.
it.each([
  ["http://c", { error: 1 }, "1 error", "it was"],
  ["http://d", { error: 2 }, "2 errors", "they were"],
  ["http://e", { error: 1, monitor: 1 }, "1 error and 1 check-in", "they were"],
])(
  "one lost item is reported in the singular, several in the plural: %s",
  (...[target, abandoned, items, verb]) => {
    const messages = faults();

    lose(target, undefined, abandoned);

    expect(messages).toHaveLength(1);
    expect(messages[0]).toContain(
      `Lost: ${items} could not be delivered to ${target}: the time-out of \`close\` ended before ${verb} sent.`,
    );
  },
);
