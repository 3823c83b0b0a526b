import { symlinkSync, writeFileSync } from "node:fs";
import { createServer as createHttpServer } from "node:http";
import { createServer } from "node:net";
import type { AddressInfo } from "node:net";
import { join } from "node:path";

import { describe, expect, it, onTestFinished, vi } from "vitest";

import { runCli } from "../../src/cli/run-cli.js";
import { answerWithPage, listening } from "../delivery/http/http-servers.js";
import { runDoctor } from "../../src/cli/run-doctor.js";
import { checkPackages } from "../../src/doctor/package-checks.js";
import { examineEnvironment } from "../../src/doctor/environment.js";
import type { DoctorReport } from "../../src/doctor/finding.js";
import { reportLines } from "../../src/doctor/report-text.js";
import { textWidth } from "../../src/support/terminal-text.js";
import { startIngestServer } from "../../src/testing/ingest-server.js";
import { fakeTerminal } from "../cli/fake-terminal.js";
import { directoryWith } from "./installed-kit.js";

const API = { version: "1.9.1" };
const SDK_2 = { version: "2.12.1", peerDependencies: { "@opentelemetry/api": ">=1.3.0 <1.10.0" } };
const SDK_3 = { version: "3.1.1", peerDependencies: { "@opentelemetry/api": ">=1.10.0 <1.11.0" } };
const GOOD = { "@opentelemetry/api": API, "@opentelemetry/sdk-trace-base": SDK_2 };

async function serverDsn(status = 200): Promise<string> {
  const server = await startIngestServer();
  server.respondWith({ status });
  onTestFinished(() => server.close());
  return server.dsn;
}

/** The names of what was found, the worst first; each report fits 80 columns. */
function namesIn(report: DoctorReport): string[] {
  const wide = reportLines(report).filter((line) => textWidth(line) > 80);
  expect(wide).toEqual([]);
  return report.findings.map(({ name }) => name);
}

describe("doctor, where everything is right", () => {
  it("finds nothing, and tells of the round trip of one transaction", async () => {
    const server = await startIngestServer();
    onTestFinished(() => server.close());

    const report = await examineEnvironment({
      directory: directoryWith(GOOD),
      env: { SENTRY_DSN: server.dsn, SENTRY_RELEASE: "shop@1" },
    });

    expect(namesIn(report)).toEqual([]);
    expect(report.worst).toBeUndefined();
    expect(server.transactions().map(({ transaction }) => transaction)).toEqual([
      "otel-sentry-bridge doctor",
    ]);
    const facts = Object.fromEntries(report.facts.map(({ name, value }) => [name, value]));
    expect(facts["server"]).toMatch(/accepted a test transaction in \d+ ms$/);
    expect(facts["clock"]).toMatch(/^-?(?:\d+ ms|1\.\d s) from the server's$/);
    expect(facts["release"]).toBe("shop@1");
    expect(facts["packages"]).toContain("@opentelemetry/api 1.9.1");
  });
});

describe("doctor, on the way from an empty folder", () => {
  it.each([
    ["no DSN and nothing installed", {}, {}, ["no-dsn", "no-api"]],
    ["no SDK", { "@opentelemetry/api": API }, {}, ["no-dsn", "no-sdk"]],
    ["a malformed DSN", GOOD, { SENTRY_DSN: "https://sentry.io/1" }, ["bad-dsn"]],
    ["a malformed rate", GOOD, { SENTRY_TRACES_SAMPLE_RATE: "all" }, ["bad-option"]],
    ["a rate of 0", GOOD, { SENTRY_TRACES_SAMPLE_RATE: "0" }, ["no-dsn", "sampled-out"]],
    [
      "a sampler that is off",
      GOOD,
      { OTEL_TRACES_SAMPLER: "always_off" },
      ["no-dsn", "sampled-out"],
    ],
    ["a disabled SDK", GOOD, { OTEL_SDK_DISABLED: "true" }, ["no-dsn", "sdk-disabled"]],
    ["a release with a slash", GOOD, { SENTRY_RELEASE: "a/b" }, ["no-dsn", "refused-release"]],
    [
      "an environment that is reserved, in the resource",
      GOOD,
      { OTEL_RESOURCE_ATTRIBUTES: "deployment.environment.name=none" },
      ["no-dsn", "refused-environment"],
    ],
  ])("names %s", async (...[, packages, env, names]) => {
    const report = await examineEnvironment({ directory: directoryWith(packages), env });

    expect(namesIn(report)).toEqual(names);
    expect(report.findings.filter(({ fix }) => fix === "")).toEqual([]);
  });

  it.each([
    [
      "a newer minor version of the API",
      { ...GOOD, "other/node_modules/@opentelemetry/api": { version: "1.10.0" } },
      ["api-copies"],
    ],
    [
      "nothing in an older version of the API, which can use what the newer one registers",
      { ...GOOD, "other/node_modules/@opentelemetry/api": { version: "1.4.0" } },
      [],
    ],
    [
      "two copies of one version of the API",
      { ...GOOD, "other/node_modules/@opentelemetry/api": API },
      [],
    ],
    ["SDK 3 with API 1.9", { ...GOOD, "@opentelemetry/sdk-trace": SDK_3 }, ["sdk-api-mismatch"]],
    [
      "SDK 2 with API 1.10",
      { ...GOOD, "@opentelemetry/api": { version: "1.10.0" } },
      ["sdk-api-mismatch"],
    ],
    [
      "nothing in SDK 2's helpers below an instrumentation, with API 1.10 and SDK 3",
      {
        "@opentelemetry/api": { version: "1.10.0" },
        "@opentelemetry/sdk-trace": SDK_3,
        "@fastify/otel/node_modules/@opentelemetry/core": SDK_2,
      },
      [],
    ],
    [
      "a package for another Node",
      { ...GOOD, "@opentelemetry/core": { version: "9.0.0", engines: { node: ">=99" } } },
      ["node-version"],
    ],
    [
      "two versions of this package",
      {
        ...GOOD,
        "otel-sentry-bridge": { version: "0.1.0" },
        "other/node_modules/otel-sentry-bridge": { version: "0.2.0" },
      },
      ["bridge-copies"],
    ],
    [
      "Sentry's own SDK",
      { ...GOOD, "@sentry/node": { version: "11.0.0" } },
      ["sentry-sdk-installed"],
    ],
  ])("names %s", async (_what, packages, names) => {
    const env = { SENTRY_DSN: await serverDsn() };

    expect(namesIn(await examineEnvironment({ directory: directoryWith(packages), env }))).toEqual(
      names,
    );
  });
});

it("for SDK 3 on an older Node, the fix replaces all packages of the application that need a newer one", () => {
  const engines = { node: ">=99" };
  const directory = directoryWith({
    "@opentelemetry/api": { version: "1.9.1" },
    "@opentelemetry/sdk-trace": { ...SDK_3, engines },
    "@opentelemetry/instrumentation": { version: "0.301.1", engines },
    "@opentelemetry/instrumentation-express": { version: "0.72.0", engines },
    "@opentelemetry/instrumentation-pg": { version: "0.76.0" },
  });
  const names = ["sdk-trace", "instrumentation", "instrumentation-express", "instrumentation-pg"];
  const dependencies = Object.fromEntries(names.map((name) => [`@opentelemetry/${name}`, "*"]));
  writeFileSync(join(directory, "package.json"), JSON.stringify({ dependencies }));

  const [mismatch, node] = checkPackages(directory).findings;

  expect(mismatch?.code?.split(" ").slice(2).toSorted()).toEqual([
    '"@opentelemetry/instrumentation-express@<0.72.0"',
    '"@opentelemetry/instrumentation@<0.300"',
    "@opentelemetry/api@1.9",
    "@opentelemetry/sdk-trace@2",
  ]);
  expect(node?.code).toBe(mismatch?.code);
});

it.each([
  ["SDK 2", SDK_2, "1.10.0", "1.9"],
  ["SDK 3", SDK_3, "1.9.1", "1.10"],
])("for %s, doctor installs a version of the API that this package accepts, too", (...given) => {
  const [, sdk, version, fitting] = given;
  const packages = { "@opentelemetry/api": { version }, "@opentelemetry/sdk-trace": sdk };

  const { findings } = checkPackages(directoryWith(packages));

  expect(findings.find(({ name }) => name === "sdk-api-mismatch")?.code).toMatch(
    new RegExp(` @opentelemetry/api@${fitting}$`),
  );
});

it.each([
  ["beside a package that is linked", ["x"], ["api-copies"]],
  ["that no package links to any more", [], []],
])("in pnpm's store, doctor examines packages %s: %j, %j", async (_what, links, names) => {
  const directory = directoryWith({
    ...GOOD,
    ".pnpm/x@1/node_modules/x": { version: "1.0.0" },
    ".pnpm/y@1/node_modules/y": { version: "1.0.0" },
    ".pnpm/y@1/node_modules/@opentelemetry/api": { version: "1.10.0" },
  });
  const modules = join(directory, "node_modules");
  for (const link of links) symlinkSync(`.pnpm/x@1/node_modules/${link}`, join(modules, link));
  symlinkSync("../../y@1/node_modules/y", join(modules, ".pnpm/x@1/node_modules/y"));

  const report = await examineEnvironment({ directory, env: { SENTRY_DSN: await serverDsn() } });

  expect(namesIn(report)).toEqual(names);
});

it("doctor examines no packages of other workspaces", async () => {
  const other = directoryWith({ "@opentelemetry/api": { version: "1.10.0" } });
  const directory = directoryWith(GOOD);
  symlinkSync(other, join(directory, "node_modules/other"));

  const report = await examineEnvironment({ directory, env: { SENTRY_DSN: await serverDsn() } });

  expect(namesIn(report)).toEqual([]);
});

describe("doctor, and a server", () => {
  it("names one that does not listen", async () => {
    const report = await examineEnvironment({
      directory: directoryWith(GOOD),
      dsn: `http://key@127.0.0.1:${await closedPort()}/1`,
      env: {},
    });

    expect(namesIn(report)).toEqual(["server-unreachable"]);
    expect(report.findings[0]?.summary).toContain(
      "nothing is listening on the DSN's host and port",
    );
  });

  it("names one that answers with a page of its own", async () => {
    const { dsn } = await listening(createHttpServer(answerWithPage));
    const report = await examineEnvironment({ directory: directoryWith(GOOD), dsn, env: {} });

    expect(namesIn(report)).toEqual(["server-refuses"]);
    expect(report.findings[0]?.summary).toContain("HTML page");
    expect(report.findings[0]?.fix).not.toContain("Copy the DSN");
  });

  it.each([302, 400, 401, 403, 404, 413, 429, 500, 502, 503])(
    "names one that answers %d",
    async (status) => {
      const dsn = await serverDsn(status);

      const report = await examineEnvironment({ directory: directoryWith(GOOD), dsn, env: {} });

      expect(namesIn(report)).toEqual(["server-refuses"]);
      expect(report.findings[0]?.summary).toContain(`HTTP ${status}`);
      expect(report.findings[0]?.evidence[0]?.id).toBe(`HTTP ${status}`);
      const isAboutDsn = report.findings[0]?.fix.startsWith("Copy the DSN") === true;
      expect(isAboutDsn).toBe(status === 401 || status === 403 || status === 404);
    },
  );
});

describe("the command `doctor`", () => {
  it("clears its progress if it fails", async () => {
    const texts: (string | undefined)[] = [];
    vi.spyOn(process, "cwd").mockImplementation(() => expect.fail("no such directory"));
    onTestFinished(() => void vi.restoreAllMocks());
    const terminal = { ...fakeTerminal(), progress: (text?: string) => void texts.push(text) };

    await expect(runDoctor({}, terminal)).rejects.toThrow("no such directory");

    expect(texts).toHaveLength(2);
    expect(texts.at(-1)).toBeUndefined();
  });

  it("prints text or JSON, and exits with 1 for errors", async () => {
    const terminal = fakeTerminal(false, 80);
    const json = fakeTerminal(false, 80);

    const codes = [
      await runCli(["doctor", "--dsn", "nonsense"], terminal),
      await runCli(["doctor", "--dsn", "nonsense", "--json"], json),
    ];

    expect(codes).toEqual([1, 1]);
    expect(terminal.printed.join("\n")).toContain("ERROR D7 bad-dsn");
    const report = JSON.parse(json.printed.join("\n")) as DoctorReport;
    expect(report.worst).toBe("error");
    expect(report.findings[0]).toMatchObject({ rule: "D7", name: "bad-dsn", severity: "error" });
  });
});

async function closedPort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await new Promise((resolve) => server.once("listening", resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}
