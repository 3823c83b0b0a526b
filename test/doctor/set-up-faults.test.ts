import { afterEach, describe, expect, it, onTestFinished } from "vitest";

import { diagnose, startDoctor } from "../../src/doctor/diagnose.js";
import { noProcessor } from "../../src/doctor/process-check.js";
import { captureMessage, createClient, flush, setClient } from "../../src/index.js";
import { observation } from "../../src/support/observation.js";
import { reportSetupFault } from "../../src/support/setup-faults.js";
import { startIngestServer } from "../../src/testing/ingest-server.js";

const names = (): string[] => diagnose().findings.map(({ name }) => name);

afterEach(() => {
  setClient(undefined);
  observation.faults.clear();
});

describe("diagnose, in mode `off`,", () => {
  it("does not miss a DSN that is left out on purpose", () => {
    setClient(createClient({ dsn: false }));

    expect(names()).not.toContain("no-dsn");
  });

  it("names a DSN that is missing, and the fault only once", async () => {
    setClient(createClient({ silent: true }));
    await new Promise((resolve) => setImmediate(resolve));

    expect(names().filter((name) => name === "no-dsn")).toHaveLength(1);
  });

  it("names a second client without a DSN, and what that means", async () => {
    setClient(createClient({ dsn: "http://key@127.0.0.1:9/1", silent: true }));
    createClient({ silent: true });
    await new Promise((resolve) => setImmediate(resolve));

    expect(diagnose().findings.find(({ name }) => name === "no-dsn")?.mechanism).toBe(
      "Sentry gets nothing from the client that was created without it.",
    );
  });

  it("names an answer that refuses what is sent, and what was lost, in one finding", async () => {
    const server = await startIngestServer();
    onTestFinished(() => server.close());
    server.respondWith({ status: 403 });
    setClient(createClient({ dsn: server.dsn, silent: true }));
    captureMessage("started");
    await flush();

    const losses = diagnose().findings.filter(({ rule }) => rule === "D18");

    expect(losses.map(({ name }) => name)).toEqual(["rejected"]);
    expect(losses[0]?.mechanism).toBe("The client has lost 1 error, for the reason send_error.");
  });

  it("names faults that were reported before, silenced ones included", () => {
    reportSetupFault("context-manager", "No context manager.", { isSilent: true });
    reportSetupFault("outside-write:app.js:1", "Data was set outside.", { isSilent: true });
    setClient(createClient({ dsn: false }));

    expect(names()).toEqual(expect.arrayContaining(["no-context-manager", "outside-write"]));
    expect(names()).not.toContain("context-manager");
  });
});

it("a provider without a processor gets one with the client, if the process has created one", () => {
  expect(noProcessor().code).toContain("attachToGlobalProvider(new SentrySpanProcessor());");

  setClient(createClient({ dsn: false }));
  expect(noProcessor().code).toMatch(
    /import \{.*\bgetClient\b.*\[new SentrySpanProcessor\(getClient\(\)\)\] \}\)\.start\(\);\n.*Provider\(new SentrySpanProcessor\(getClient\(\)\)\)/s,
  );
});

it("a rule that fails makes the report incomplete, and nothing else", () => {
  startDoctor();
  const broken = new Proxy({}, { get: () => expect.fail("a getter of the span") });
  observation.observer?.started(broken, broken);

  const incomplete = diagnose().facts.filter(({ name }) => name === "incomplete");
  expect(incomplete.map(({ value }) => value)).toEqual(["calls of rules that failed: 1"]);
});
