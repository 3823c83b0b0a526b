import { readFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";

import { afterAll, beforeAll, describe, expect, it } from "vitest";

import { installApplication } from "./application.js";
import type { Application } from "./application.js";
import { filesIn } from "./built-package.js";

let app: Application;

// Nothing but the one required peer.
beforeAll(() => {
  app = installApplication(["@opentelemetry/api"]);
});
afterAll(() => app.remove());

const ENTRIES = ["index.js", "index.cjs", "register.js", "register.cjs"];
const TESTING_ENTRIES = ["testing.js", "testing.cjs"];
const INERT_ENTRIES = ["inert.js", "inert.cjs"];

const IMPORTED = /(?:(?<!")\bfrom|\bimport|\brequire\(|\bimport\()\s*"([^"]+)"/g;

function importsOf(file: string): string[] {
  const imports = readFileSync(file, "utf8").matchAll(IMPORTED);
  return [...imports].flatMap(([, name]) => (name === undefined ? [] : [name]));
}

/** Packages and modules of Node that a module reaches, itself or through others of this package. */
function modulesFrom(entry: string): string[] {
  const packages = new Set<string>();
  const seen = new Set([entry]);
  for (const file of seen) {
    for (const name of importsOf(file)) {
      if (name.startsWith(".")) seen.add(join(dirname(file), name));
      else packages.add(name);
    }
  }
  return [...packages];
}

// Also as text: `register` loads by name.
function namesOtherPackages(file: string): boolean {
  const names = readFileSync(file, "utf8").matchAll(/["'`](@opentelemetry\/[\w/-]+)["'`]/g);
  return [...names].some(([, name]) => name !== "@opentelemetry/api");
}

// What `register` sets up, and the demo with it; and what the doctor looks for.
const NAMING_PEERS = ["cli.cjs", "register.cjs", "run.cjs", "trace-sdk.cjs"];

describe("the package", () => {
  it.each(ENTRIES)("reaches OpenTelemetry's API and nothing else, from %s", (entry) => {
    const modules = modulesFrom(join(app.packageDirectory, "dist", entry));

    expect(modules.filter((name) => !name.startsWith("node:"))).toEqual(["@opentelemetry/api"]);
  });

  it.each(TESTING_ENTRIES)("reaches nothing but modules of Node from %s", (entry) => {
    const modules = modulesFrom(join(app.packageDirectory, "dist", entry));

    expect(modules.filter((name) => !name.startsWith("node:"))).toEqual([]);
  });

  it("loads nothing but modules of Node into the sender thread", () => {
    const modules = modulesFrom(join(app.packageDirectory, "dist", "sender-thread.cjs"));

    expect(modules.filter((name) => !name.startsWith("node:"))).toEqual([]);
  });

  it.each(INERT_ENTRIES)("reaches OpenTelemetry's API only, and one file, from %s", (entry) => {
    expect(modulesFrom(join(app.packageDirectory, "dist", entry))).toEqual(["@opentelemetry/api"]);
  });

  it("names other packages of OpenTelemetry only where `register` and the demo load them, and the doctor looks for them", () => {
    const dist = join(app.packageDirectory, "dist");
    const naming = filesIn(dist).filter((file) => /\.c?js$/.test(file) && namesOtherPackages(file));

    expect(naming.map((file) => relative(dist, file))).toEqual(NAMING_PEERS);
  });

  it("imports, and runs without a DSN, with nothing installed but OpenTelemetry's API", async () => {
    app.write(
      "no-dsn.mjs",
      `import { SentrySpanProcessor, captureException, close, setUser, stats } from "otel-sentry-bridge";
       import { ROOT_CONTEXT } from "@opentelemetry/api";
       const identity = { traceId: "0123456789abcdef0123456789abcdef", spanId: "0123456789abcdef", traceFlags: 1 };
       const span = {
         name: "work", kind: 0, attributes: {}, links: [], events: [], startTime: [1, 0], endTime: [2, 0],
         status: { code: 0 }, resource: { attributes: {} }, instrumentationScope: { name: "test" },
         droppedAttributesCount: 0, droppedEventsCount: 0, droppedLinksCount: 0, spanContext: () => identity,
       };
       const processor = new SentrySpanProcessor({ dsn: false, silent: true });
       setUser({ id: "anna" });
       processor.onStart(span, ROOT_CONTEXT);
       captureException(new Error("failed"));
       processor.onEnd(span);
       await processor.shutdown();
       await close();
       console.log(JSON.stringify([stats().transactions.dropped, stats().errors.dropped]));`,
    );

    const end = await app.node(["no-dsn.mjs"]);

    expect(end).toEqual({ exitCode: 0, stdout: '[{"disabled":1},{"disabled":1}]\n', stderr: "" });
  });
});
