import { createRequire } from "node:module";
import { readFileSync, symlinkSync, mkdirSync } from "node:fs";
import { join } from "node:path";

import { beforeAll, describe, expect, it, onTestFinished } from "vitest";

import * as bridge from "../../src/index.js";
import { startIngestServer } from "../../src/testing/ingest-server.js";
import { installApplication } from "../package/application.js";
import { waitFor } from "../time/wait-for.js";
import { differingFields } from "./differing-fields.js";
import { codeBlocks } from "./markdown.js";
import { startCommand } from "./newcomer.js";

const root = join(import.meta.dirname, "../..");
const page = readFileSync(join(root, "docs/migrating.md"), "utf8");
const require = createRequire(import.meta.url);

const FILES = ["instrumentation.mjs", "app.mjs"];

/** One side of the `diff` block of a file. */
function sideOf(file: string, without: "+" | "-"): string {
  const block = codeBlocks(page).find(({ text }) => text.startsWith(` // ${file}\n`));
  const lines = block?.text.split("\n") ?? [];
  return lines.flatMap((line) => (line.startsWith(without) ? [] : [line.slice(1)])).join("\n");
}

function isOrder({ transaction }: { readonly transaction?: string | undefined }): boolean {
  return transaction?.startsWith("GET /orders/") === true;
}

/** Starts an application, requests an order that fails, and returns its transaction and error. */
async function runSide(without: "+" | "-") {
  const server = await startIngestServer();
  const app = installApplication([
    "@opentelemetry/api",
    "@opentelemetry/instrumentation",
    "@opentelemetry/instrumentation-express",
    "@opentelemetry/instrumentation-http",
    "@opentelemetry/instrumentation-undici",
    "@opentelemetry/sdk-node",
    "@sentry/opentelemetry",
    "express",
  ]);
  mkdirSync(join(app.directory, "node_modules/@sentry"), { recursive: true });
  symlinkSync(
    join(root, "node_modules/@sentry/node-10"),
    join(app.directory, "node_modules/@sentry/node"),
  );
  for (const file of FILES) app.write(file, sideOf(file, without));
  const command = `SENTRY_DSN=${server.dsn} PORT=0 node --import ./instrumentation.mjs app.mjs`;
  const running = startCommand(command, { cwd: app.directory });
  const port = /^\d+/.exec(await running.output(/\d+\n/))?.[0];
  const response = await fetch(`http://localhost:${port}/orders/7`);
  await response.text();
  await waitFor(() => server.transactions().some(isOrder) && server.errors().some(isOrder), {
    predicate: (hasArrived) => hasArrived,
    timeoutMillis: 60_000,
  });
  running.kill("SIGKILL");
  await running.end;
  const [transaction, error] = [server.transactions().find(isOrder), server.errors().find(isOrder)];
  await server.close();
  app.remove();
  return { transaction, error };
}

/** Names in backquotes of the first column of the table below a heading. */
function firstColumn(heading: string): string[] {
  const section = page.split(`### ${heading}\n`)[1]?.split(/\n##+ /)[0] ?? "";
  const rows = section.split("\n").filter((line) => line.startsWith("| `"));
  return rows.flatMap((row) =>
    [...(row.split(" | ")[0] ?? "").matchAll(/`([^`]+)`/g)].map(([, name = ""]) => name),
  );
}

function isIn(field: string, name: string): boolean {
  return field === name || field.startsWith(`${name}.`) || field.startsWith(`${name}[]`);
}

type Side = Awaited<ReturnType<typeof runSide>>;

describe("an application that was written for version 10, and its migrated form", () => {
  let before: Side;
  let after: Side;

  beforeAll(async () => {
    [before, after] = await Promise.all([runSide("+"), runSide("-")]);
  });

  it.each([
    ["transactions", "transaction"],
    ["errors", "error"],
  ] as const)("differ in exactly the fields that the page lists: %s", (heading, kind) => {
    const listed = firstColumn(`What differs on ${heading}`);
    const fields = differingFields(before[kind], after[kind]);

    expect(fields.filter((field) => !listed.some((name) => isIn(field, name)))).toEqual([]);
    expect(listed.filter((name) => !fields.some((field) => isIn(field, name)))).toEqual([]);
  });
});

describe("the other set-ups, in their new form", () => {
  it.each(["both.mjs", "otlp.mjs"])("run: %s", async (file) => {
    const app = installApplication([
      "@opentelemetry/api",
      "@opentelemetry/sdk-node",
      "@sentry/node",
    ]);
    onTestFinished(() => app.remove());
    app.write(file, sideOf(file, "-"));
    const end = await app.node([file], { SENTRY_DSN: "http://key@127.0.0.1:1/1" });
    expect(end).toEqual({ exitCode: 0, stdout: "", stderr: "" });
  });
});

describe("the tables of exports", () => {
  it("have every export of `@sentry/opentelemetry` 10, once", () => {
    const names = Object.keys(require("@sentry/opentelemetry") as object);
    expect(firstColumn("Exports of `@sentry/opentelemetry` 10").toSorted()).toEqual(
      names.toSorted(),
    );
  });

  it("have every export of `@sentry/opentelemetry` 11, and those of `@sentry/node` 11 for OpenTelemetry", () => {
    const ofNode = createRequire(require.resolve("@sentry/node"));
    const names = Object.keys(ofNode("@sentry/opentelemetry") as object);
    const listed = firstColumn("OpenTelemetry in version 11");
    const others = listed.filter((name) => !names.includes(name));
    expect(names.filter((name) => !listed.includes(name))).toEqual([]);
    expect(others).toEqual(["openTelemetryIntegration", "getOtlpTracesEndpoint"]);
    const exported = require("@sentry/node") as object;
    expect(others.filter((name) => !Object.hasOwn(exported, name))).toEqual([]);
  });

  it("name only what `@sentry/node` 10 exports, and of this package only what it has", () => {
    const theirs = new Set(Object.keys(require("@sentry/node-10") as object));
    const listed = firstColumn("Functions of `@sentry/node` 10");
    expect(listed.length).toBeGreaterThan(70);
    expect(listed.filter((name) => !theirs.has(name))).toEqual([]);
    const same = page.split("\n").filter((line) => line.endsWith("| the same names |"));
    const names = same.flatMap((row) =>
      [...row.matchAll(/`([^`]+)`/g)].map(([, name = ""]) => name),
    );
    expect(names.filter((name) => !Object.hasOwn(bridge, name))).toEqual([]);
  });
});
