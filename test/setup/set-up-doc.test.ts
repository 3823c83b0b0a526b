import { readFileSync } from "node:fs";
import { join } from "node:path";

import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";

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

const EXPRESS_APP = `
  const app = express();
  app.get("/orders/:id", () => { throw new Error("no such order"); });
  app.use((error, request, response, next) => response.status(500).end());
  const server = app.listen(0, "127.0.0.1", async () => {
    await (await fetch("http://127.0.0.1:" + server.address().port + "/orders/7")).text();
    server.close();
  });
`;

describe("the page on set-up", { timeout: 60_000 }, () => {
  it.each([
    ["NodeSDK", "--import", "app.mjs"],
    ["A provider of your own", "--import", "app.mjs"],
    ["ESM and CommonJS", "--require", "app.cjs"],
  ])("has a file that works under %s", async (section, flag, app) => {
    const { name, text } = fileIn(section);
    const application = tracedApplication([...SDK_BASE, ...NODE_SDK]);
    application.write(name, text);

    const end = await application.node([flag, `./${name}`, app], { SENTRY_DSN: server.dsn });

    expect(end).toEqual(OK);
    expect(receivedBy(server)).toEqual([["parent", "child"]]);
  });

  it.each([
    ["NodeSDK", "--import", 'import express from "express";'],
    ["ESM and CommonJS", "--require", 'const express = require("express");'],
  ])("has a file that reports errors of Express under %s", async (section, flag, load) => {
    const { name, text } = fileIn(section);
    const application = tracedApplication([...SDK_BASE, ...NODE_SDK, "express"]);
    application.write(name, text);
    const app = flag === "--import" ? "app.mjs" : "app.cjs";
    application.write(app, load + EXPRESS_APP);

    const end = await application.node([flag, `./${name}`, app], { SENTRY_DSN: server.dsn });

    expect(end).toEqual({ ...OK, stdout: "" });
    expect(
      server
        .errors()
        .map(({ exception, transaction }) => [exception?.values[0]?.value, transaction]),
    ).toEqual([["no such order", "GET /orders/:id"]]);
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
