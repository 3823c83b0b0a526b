import { createServer } from "node:http";

import { afterEach, expect, it, onTestFinished } from "vitest";

import { API_COPIES, copiesMessage } from "../../src/context/api-registration.js";
import { answerWithPage, listening } from "../delivery/http/http-servers.js";
import { finding } from "../../src/doctor/finding.js";
import type { Finding } from "../../src/doctor/finding.js";
import {
  captureException,
  captureMessage,
  createClient,
  flush,
  setClient,
} from "../../src/index.js";
import { reportedFindings } from "../../src/doctor/reported-faults.js";
import { createDiagnostics, guardCallback } from "../../src/support/diagnostics.js";
import { observation } from "../../src/support/observation.js";

const diagnostics = (): ReturnType<typeof createDiagnostics> =>
  createDiagnostics({ warn: () => {}, debug: () => {} });

afterEach(() => {
  observation.warnings.clear();
  observation.faults.clear();
});

/** The only finding. */
function reported(): Finding | undefined {
  const [first, ...others] = reportedFindings([]);
  expect(others).toEqual([]);
  return first;
}

it("a hook that throws is found with its error, without secrets", () => {
  guardCallback(diagnostics(), { name: "beforeSend", effect: "the event was dropped" }, () => {
    throw new TypeError("no row at postgres://admin:hunter2hunter2@db/x");
  });

  const found = reported();

  expect(found?.name).toBe("failed-callback");
  expect(found?.fix).toBe("Correct the hook; SENTRY_DEBUG=1 shows the error.");
  expect(found?.evidence[0]?.name).toMatch(/^threw TypeError: no row at postgres:/);
  expect(JSON.stringify(found)).not.toContain("hunter2");
});

it("each function that was called before there was a client is a finding, unless there never was one", () => {
  captureMessage("started");
  captureException(new Error("no configuration"));

  const summaries = reportedFindings([]).map(({ summary }) => summary);
  expect(summaries).toEqual([
    expect.stringMatching(/^`captureMessage` was called/),
    expect.stringMatching(/^`captureException` was called/),
  ]);
  const known = finding({ name: "no-client", summary: "", mechanism: "", fix: "" });
  expect(reportedFindings([known])).toEqual([]);
});

it.each<[kind: string, message: string, name: string]>([
  ["call:setTag", "`setTag` failed with an error; the call had no effect", "failed-call"],
  ["argument:setTag", "`setTag` was called with 5; ignored. Pass a string", "wrong-call"],
])("the warning %s is found as it is: %s", (kind, message, name) => {
  diagnostics().warnOnce(kind, message, new Error("internal"));

  expect(reported()?.name).toBe(name);
});

it("the fix for a refusal by the server is to ask the server", () => {
  observation.faults.set("rejected:403", "the server refused an envelope with HTTP 403");

  const found = reported();

  expect([found?.rule, found?.name]).toEqual(["D18", "rejected"]);
  expect(found?.fix).toMatch(/^Copy the DSN again/);
});

it("the fix for copies of the API is the instruction, not their paths", () => {
  observation.faults.set(API_COPIES, copiesMessage());

  const found = reported();

  expect(found?.fix).toMatch(/^Install one version for all packages/);
  expect(found?.mechanism).toMatch(/They are in \S+/);
});

it("a server that accepts what is sent with an HTML page refuses it", async () => {
  const { dsn } = await listening(createServer(answerWithPage));
  setClient(createClient({ dsn }));
  onTestFinished(() => setClient(undefined));
  captureMessage("started");
  await flush();

  const found = reported();

  expect(found).toMatchObject({ rule: "D18", name: "server-refuses", severity: "error" });
  expect(found?.fix).toMatch(/^Check the host and path of the DSN/);
});
