import { afterAll, beforeAll, describe, expect, it } from "vitest";

import { startIngestServer } from "../../src/testing/ingest-server.js";
import type { IngestServer } from "../../src/testing/ingest-server.js";
import { DEAD, FAULTS } from "./fault-table.js";
import type { Fault } from "./fault-table.js";
import { faultyApplication, run, runInTurn } from "./faulty-application.js";
import type { Printed, ProgramInTurn } from "./faulty-application.js";
import { SDK_BASE } from "./traced-application.js";

let server: IngestServer;

beforeAll(async () => (server = await startIngestServer()));
afterAll(() => server.close());

type Mode = "logger" | "plain" | "silent";

function optionsFor({ dsn }: Fault, mode: Mode): Record<string, unknown> {
  const silent = mode === "silent" ? { silent: true } : {};
  return dsn === null ? silent : { dsn: dsn ?? server.dsn, ...silent };
}

const TOGETHER = Object.values(FAULTS).filter(
  ({ isAtEnd, prepare }) => isAtEnd !== true && prepare === undefined,
);
const runsByMode = new Map<Mode, Promise<readonly Printed[]>>();

async function printedBy(fault: Fault, mode: Mode): Promise<Printed> {
  const position = TOGETHER.indexOf(fault);
  if (position < 0) {
    const how = { options: optionsFor(fault, mode), withLogger: mode === "logger" };
    return run(faultyApplication(SDK_BASE, fault.prepare), fault.program, how);
  }
  const programs = (): ProgramInTurn[] =>
    TOGETHER.map((each) => ({ program: each.program, options: optionsFor(each, mode) }));
  const all = runsByMode.get(mode) ?? runInTurn(programs(), { withLogger: mode === "logger" });
  runsByMode.set(mode, all);
  return (await all)[position] as Printed;
}

describe.each(Object.entries(FAULTS))("%s", (_name, fault) => {
  it("is one line on standard error", async () => {
    const { stderr } = await printedBy(fault, "plain");
    expect(stderr.split("\n")).toEqual([expect.stringMatching(fault.line), ""]);
    expect(stderr).toMatch(/^otel-sentry-bridge: /);
  });

  it("is told to the logger of `diag` alone, where there is one", async () => {
    const { stdout, stderr } = await printedBy(fault, "logger");
    expect(stderr).toBe("");
    expect(stdout.split("\n").filter((line) => fault.line.test(line))).toHaveLength(1);
  });

  it("is not written with `silent: true`", async () => {
    expect(await printedBy(fault, "silent")).toEqual({ stdout: "", stderr: "" });
  });
});

const LOSING = [
  `bridge.captureException(new Error("lost"));`,
  `bridge.captureMessage("lost");`,
  `bridge.captureEvent({ message: "lost" });`,
  `bridge.captureFeedback({ message: "lost" });`,
  `bridge.captureCheckIn({ monitorSlug: "job", status: "ok" });`,
  `bridge.withMonitor("job", () => {});`,
  `bridge.logger.info("lost");`,
  `bridge.metrics.count("lost");`,
];

describe("a call without a client", () => {
  let printed: Promise<readonly Printed[]> | undefined;

  it.each(LOSING)("is one line: %s", async (call) => {
    printed ??= runInTurn(LOSING.map((each) => ({ program: each + each })));
    const stderr = (await printed)[LOSING.indexOf(call)]?.stderr;
    expect(stderr).toMatch(
      /^otel-sentry-bridge: `\w+` was called at .*:\d+:\d+\)? when there was no client, so its input was dropped\. Load .*\n$/,
    );
  });

  it("is no fault where the process is not to be observed", async () => {
    const env = { OTEL_SDK_DISABLED: "true" };
    expect(await run(faultyApplication(), LOSING.join(""), { env })).toEqual({
      stdout: "",
      stderr: "",
    });
  });

  it("is no fault where nothing is lost by it", async () => {
    const program = `
      bridge.setUser({ id: 1 }); bridge.setTag("a", "b"); bridge.addBreadcrumb({ message: "c" });
      bridge.getGlobalScope().setTag("d", "e"); bridge.withScope(() => {}); bridge.getTraceHeaders();
      await bridge.flush(); await bridge.close();`;
    expect(await run(faultyApplication(), program)).toEqual({ stdout: "", stderr: "" });
  });
});

describe("a client that is to send nothing", () => {
  it.each([
    ["with `dsn: false`", { dsn: false }, {}],
    ["with `silent: true`", { silent: true }, {}],
    ["whose process is not to be observed", {}, { OTEL_SDK_DISABLED: "true" }],
    ["although the environment names a DSN", { dsn: false }, { SENTRY_DSN: DEAD }],
  ])("prints nothing %s", async (_name, options, env) => {
    const program = `setUp(new bridge.SentrySpanProcessor(options)); traffic(); bridge.captureMessage("not sent");`;
    expect(await run(faultyApplication(), program, { options, env })).toEqual({
      stdout: "",
      stderr: "",
    });
  });
});

const REFUSALS = [401, 403, 404, 302];

function refusedBy(status: number): string {
  return `
    import { createServer } from "node:http";
    const refusing = createServer((request, response) => request.resume().on("end", () => response.writeHead(${status}).end()));
    await new Promise((resolve) => refusing.listen(0, "127.0.0.1", resolve));
    const dsn = "http://key@127.0.0.1:" + refusing.address().port + "/1";
    const provider = setUp(new bridge.SentrySpanProcessor({ dsn }));
    traffic();
    await provider.shutdown();
    refusing.close();`;
}

describe("a server that refuses the DSN", () => {
  let printed: Promise<readonly Printed[]> | undefined;

  it.each(REFUSALS)("is one line: HTTP %i", async (status) => {
    printed ??= runInTurn(REFUSALS.map((each) => ({ program: refusedBy(each) })));
    const stderr = (await printed)[REFUSALS.indexOf(status)]?.stderr;
    expect(stderr).toMatch(
      new RegExp(`^otel-sentry-bridge: the server refused .* HTTP ${status}: .*DSN.*\n$`),
    );
  });
});
