import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";

import { describe, expect, it, onTestFinished } from "vitest";

import { sendFindings } from "../../src/cli/run-doctor.js";
import { finding } from "../../src/doctor/finding.js";
import { newReport } from "../../src/doctor/report.js";
import type { DoctorReport } from "../../src/doctor/finding.js";
import { startInboxServer } from "../../src/inbox/inbox-server.js";
import { Inbox } from "../../src/inbox/inbox.js";
import { detailOf } from "../../src/inbox/trace-record.js";
import { startIngestServer } from "../../src/testing/ingest-server.js";

const TRACE = "0af7651916cd43dd8448eb211c80319c";

/** A report of a process that sends to this DSN, with one finding about a trace. */
function reportTo(dsn: string): DoctorReport {
  const found = finding({
    rule: "D1",
    name: "ended-parent",
    summary: "Spans started late.",
    mechanism: "",
    fix: "Bind it.",
    evidence: [{ kind: "span", name: "query", traceId: TRACE }],
  });
  const facts = [{ name: "dsn", value: `${dsn} (SENTRY_DSN)` }];
  return newReport({ mode: "on", command: "node app.js", facts, findings: [found] });
}

describe("the findings of a run", () => {
  it("are shown by the inbox with the trace that they are about", async () => {
    const inbox = new Inbox();
    const server = await startInboxServer(inbox, 0);
    onTestFinished(() => server.close());

    await sendFindings([reportTo(server.dsn)]);

    const record = inbox.trace(TRACE);
    expect(record && detailOf(record).findings).toEqual([
      {
        traceId: TRACE,
        severity: "error",
        rule: "D1 ended-parent",
        summary: "Spans started late.",
        fix: "Bind it.",
      },
    ]);
  });

  it.each([
    ["another object", '{"ok":true}'],
    ["a page", "<html></html>"],
    ["nothing", ""],
  ])("are not sent to a server that answers with %s", async (_what, body) => {
    const methods: (string | undefined)[] = [];
    const server = createServer((request, response) => {
      methods.push(request.method);
      response.end(body);
    }).listen(0, "127.0.0.1");
    onTestFinished(() => server.close().closeAllConnections());
    await once(server, "listening");

    const { port } = server.address() as AddressInfo;
    await sendFindings([reportTo(`http://key@127.0.0.1:${port}/1`)]);

    expect(methods).toEqual(["GET"]);
  });

  it("are sent to no other server", async () => {
    const server = await startIngestServer();
    onTestFinished(() => server.close());

    await sendFindings([reportTo(server.dsn), reportTo("https://key@o1.ingest.sentry.io/1")]);

    expect(server.envelopes).toEqual([]);
  });
});
