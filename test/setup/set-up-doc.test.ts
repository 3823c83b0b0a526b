import { readFileSync } from "node:fs";
import { join } from "node:path";

import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";

import type { ProgramEnd } from "../package/application.js";
import { startIngestServer } from "../../src/testing/ingest-server.js";
import type { IngestServer } from "../../src/testing/ingest-server.js";
import { OK, SDK_BASE, receivedBy, tracedApplication } from "./traced-application.js";

const page = docs("set-up.md");
const testingPage = docs("testing.md");

let server: IngestServer;

beforeAll(async () => (server = await startIngestServer()));
beforeEach(() => server.clear());
afterAll(() => server.close());

function docs(name: string): string {
  return readFileSync(join(import.meta.dirname, "../../docs", name), "utf8");
}

/** The file of a section of the page: its name is in its first line. */
function fileIn(section: string): { readonly name: string; readonly text: string } {
  const [, rest = ""] = page.split(`\n## ${section}\n`);
  const { name = "", text = "" } =
    /```js\n\/\/ (?<name>\S+)\n(?<text>.*?)```/s.exec(rest)?.groups ?? {};
  return { name, text };
}

const NODE_SDK = [
  "@opentelemetry/sdk-node",
  "@opentelemetry/instrumentation",
  "@opentelemetry/instrumentation-http",
  "@opentelemetry/instrumentation-express",
];

// Asks over a bare connection, which nothing traces.
const EXPRESS_APP = `
  const app = express();
  app.get("/orders/:id", () => { throw new Error("no such order"); });
  app.use((error, request, response, next) => response.status(500).end());
  const server = app.listen(0, "127.0.0.1", () => {
    const socket = connect(server.address().port, "127.0.0.1", () =>
      socket.end("GET /orders/7 HTTP/1.1\\r\\nHost: localhost\\r\\nConnection: close\\r\\n\\r\\n"));
    socket.resume().on("close", () => server.close());
  });
`;
const LOADED = {
  "app.cjs": `const express = require("express"); const { connect } = require("node:net");`,
  "app.mjs": `import express from "express"; import { connect } from "node:net";`,
};

type AppName = keyof typeof LOADED;

interface Outcome {
  readonly end: ProgramEnd;
  readonly spans: readonly (string | undefined)[][];
  /** Each with its transaction. */
  readonly errors: readonly unknown[][];
}

const outcomes = new Map<string, Promise<Outcome>>();

/** Runs an application with the section's file once: it makes spans of its own, and serves a request with Express. */
function outcomeOf(section: string, flag: string, app: AppName): Promise<Outcome> {
  const known = outcomes.get(section) ?? runWith(section, flag, app);
  outcomes.set(section, known);
  return known;
}

async function runWith(section: string, flag: string, app: AppName): Promise<Outcome> {
  const { name, text } = fileIn(section);
  const application = tracedApplication([...SDK_BASE, ...NODE_SDK, "express"]);
  application.write(name, text);
  application.write(
    app,
    `${LOADED[app]}\n${readFileSync(join(application.directory, app), "utf8")}\n${EXPRESS_APP}`,
  );
  const end = await application.node([flag, `./${name}`, app], { SENTRY_DSN: server.dsn });
  const errors = server
    .errors()
    .map(({ exception, transaction }) => [exception?.values[0]?.value, transaction]);
  return { end, spans: receivedBy(server), errors };
}

const EXPRESS = ["GET /orders/:id", "request handler"];
const OWN = ["parent", "child"];
const TRANSACTIONS = {
  NodeSDK: [EXPRESS, OWN],
  // Without instrumentations, its requests are not traced.
  "A provider of your own": [OWN],
  "ESM and CommonJS": [EXPRESS, OWN],
};

describe("the page on set-up", { timeout: 60_000 }, () => {
  it.each([
    ["NodeSDK", "--import", "app.mjs"],
    ["A provider of your own", "--import", "app.mjs"],
    ["ESM and CommonJS", "--require", "app.cjs"],
  ] as const)("has a file that works under %s", async (section, flag, app) => {
    const { end, spans } = await outcomeOf(section, flag, app);

    expect(end).toEqual(OK);
    const byName = spans.toSorted(([one = ""], [other = ""]) => one.localeCompare(other));
    expect(byName).toEqual(TRANSACTIONS[section]);
  });

  it.each([
    ["NodeSDK", "--import", "app.mjs"],
    ["ESM and CommonJS", "--require", "app.cjs"],
  ] as const)("has a file that reports errors of Express under %s", async (section, flag, app) => {
    const { errors, spans } = await outcomeOf(section, flag, app);

    expect(errors).toEqual([["no such order", "GET /orders/:id"]]);
    expect(spans).toHaveLength(2);
  });

  it("has a call that attaches to a provider that is registered", async () => {
    const { name, text } = fileIn("A provider that is registered already");
    const application = tracedApplication();
    application.write(
      "own.mjs",
      fileIn("A provider of your own").text.replace("[new SentrySpanProcessor()]", "[]"),
    );
    application.write(name, text);

    const end = await application.node(
      ["--import", "./own.mjs", "--import", `./${name}`, "app.mjs"],
      {
        SENTRY_DSN: server.dsn,
      },
    );

    expect(end).toEqual(OK);
    expect(receivedBy(server)).toEqual([["parent", "child"]]);
  });
});

describe("the page on testing", { timeout: 60_000 }, () => {
  it("has a test that passes under Node's test runner", async () => {
    const [, text = ""] = /```js\n(?<text>.*?)```/s.exec(testingPage) ?? [];
    const application = tracedApplication([...SDK_BASE, ...NODE_SDK]);
    application.write("pay.test.mjs", text);

    const end = await application.node(["--test", "pay.test.mjs"]);

    expect(end).toMatchObject({ exitCode: 0, stderr: "" });
    expect(end.stdout).toMatch(/pass 1\n/);
  });

  it("has a filter that ignores the ingest server's requests, and no others", () => {
    const [, source = ""] = /isEnvelope = .*? => \/(?<source>.*)\/\.test/.exec(testingPage) ?? [];
    const pattern = new RegExp(source);

    const ignored = [new URL(server.tunnel).pathname, "/api/1/envelope/", "/api/users", "/tunnels"];

    expect(ignored.map((path) => pattern.test(path))).toEqual([true, true, false, false]);
  });
});
