import { beforeEach, describe, expect, it, vi } from "vitest";

import { createDiagnostics } from "../../src/support/diagnostics.js";
import { isFaultReported, reportSetupFault } from "../../src/support/setup-faults.js";
import { diagWarnings, forgetFaults, standardError } from "./fault-kit.js";

const ignore = (): void => undefined;
const broken = (): never => {
  throw new Error("EPIPE");
};

beforeEach(forgetFaults);

describe("a fault in the set-up", () => {
  it("is one line on standard error, once for each kind", () => {
    const written = standardError();

    reportSetupFault("one", "first\nfault", { cause: new Error("its\r\n  reason") });
    reportSetupFault("one", "again");
    reportSetupFault("two", "second fault");

    expect(written).toEqual([
      "otel-sentry-bridge: first fault (its reason)\n",
      "otel-sentry-bridge: second fault\n",
    ]);
    expect([isFaultReported("one"), isFaultReported("three")]).toEqual([true, false]);
  });

  it("goes to the logger of `diag` instead, where there is one", () => {
    const written = standardError();
    const warnings = diagWarnings();

    reportSetupFault("one", "first fault");
    reportSetupFault("two", "muted fault", { isSilent: true });

    expect(warnings).toEqual([
      "otel-sentry-bridge: first fault",
      "otel-sentry-bridge: muted fault",
    ]);
    expect(written).toEqual([]);
  });

  it("is an error to that logger, so that `OTEL_LOG_LEVEL=error` shows it", () => {
    const levels: string[] = [];
    diagWarnings({ warn: () => levels.push("warn"), error: () => levels.push("error") });
    reportSetupFault("one", "first fault");
    expect(levels).toEqual(["error"]);
  });

  it("is not written where it is muted, and still reported to whoever asks next", () => {
    const written = standardError();

    reportSetupFault("one", "a fault", { isSilent: true });
    expect(written).toEqual([]);

    reportSetupFault("one", "a fault");
    expect(written).toEqual(["otel-sentry-bridge: a fault\n"]);
  });

  it("is written with debug on, whatever else is set", () => {
    const written = standardError();
    const warnings = diagWarnings();

    reportSetupFault("one", "a fault", { isDebug: true, isSilent: true });

    expect([written, warnings]).toEqual([["otel-sentry-bridge: a fault\n"], []]);
  });

  it("comes to no more than 200 kinds, and 2000 characters each", () => {
    const written = standardError();

    for (let kind = 0; kind < 1000; kind += 1) reportSetupFault(`${kind}`, "x".repeat(10_000));

    expect(written).toHaveLength(200);
    expect(Math.max(...written.map(({ length }) => length))).toBe(2001);
  });

  it("harms nobody when neither the logger nor the stream can take it", () => {
    // A file that uses this process may have replaced the stream's `write`, and left a listener.
    const before = process.stderr.listenerCount("error");
    vi.spyOn(process.stderr, "write").mockImplementationOnce(broken);
    reportSetupFault("one", "a fault");

    diagWarnings({ error: broken });
    reportSetupFault("two", "a fault", { cause: Object.create(null) });

    expect(process.stderr.listenerCount("error")).toBe(before);
  });
});

describe("the diagnostics of a client", () => {
  it("report a fault once, beside another client that reports it, too", () => {
    const written = standardError();
    const one = createDiagnostics({ warn: ignore, debug: ignore });
    const other = createDiagnostics({ warn: ignore, debug: ignore });

    for (const diagnostics of [one, one, other]) diagnostics.faultOnce("kind", "a fault");

    expect(written).toEqual(["otel-sentry-bridge: a fault\n"]);
    expect([one.counts(), other.counts()]).toEqual([{ kind: 2 }, { kind: 1 }]);
  });

  it("warn once for each kind, and do not repeat it at another level", () => {
    const messages: string[] = [];
    const log = (message: string): void => void messages.push(message);
    const diagnostics = createDiagnostics({ warn: log, debug: log });

    for (let time = 0; time < 3; time += 1) diagnostics.warnOnce("kind", "a problem");

    expect(messages).toEqual(["otel-sentry-bridge: a problem"]);
    expect(diagnostics.counts()).toEqual({ kind: 3 });
  });
});
