import { readFileSync } from "node:fs";
import { join } from "node:path";

import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";

import { startIngestServer } from "../../src/testing/ingest-server.js";
import type { IngestServer } from "../../src/testing/ingest-server.js";
import type { Application } from "../package/application.js";
import { SDK_BASE, tracedApplication } from "../setup/traced-application.js";
import { codeBlocks } from "./markdown.js";
import { startCommand } from "./newcomer.js";

const docs = (name: string): Map<string, string> =>
  new Map(
    codeBlocks(readFileSync(join(import.meta.dirname, "../../docs", name), "utf8")).flatMap(
      ({ fileName, text }) => (fileName === undefined ? [] : [[fileName, text] as const]),
    ),
  );

const page = docs("serverless.md");
const setUp = docs("set-up.md");

const INSTALLED = [
  ...SDK_BASE,
  "@opentelemetry/sdk-node",
  "@opentelemetry/instrumentation",
  "@opentelemetry/instrumentation-http",
  "@opentelemetry/instrumentation-express",
  "@opentelemetry/instrumentation-aws-lambda",
  "express",
];

// As the platforms do: loads the handler, calls it, passes its answer on, and stops the process at that moment.
const RUNTIME = `
  import { writeSync } from "node:fs";
  import { createRequire } from "node:module";
  const [, , file, event] = process.argv;
  const module = file.endsWith(".cjs") ? createRequire(import.meta.url)(file) : await import(file);
  const context = {
    functionName: "checkout",
    awsRequestId: "1",
    invokedFunctionArn: "arn:aws:lambda:eu-west-1:123456789012:function:checkout",
  };
  function answer(text) {
    writeSync(1, text);
    process.kill(process.pid, "SIGKILL");
  }
  module.handler(JSON.parse(event), context).then(
    (result) => answer(JSON.stringify(result)),
    (error) => answer("failed: " + error.message),
  );
`;

const BODY = `
  setUser({ id: event.user });
  if (event.total < 0) throw new Error("negative total");
  return { statusCode: 200, body: "paid" };`;

const OWN_ESM = `
  import { setUser } from "otel-sentry-bridge";
  export async function handler(event) {${BODY}}`;

const OWN_CJS = `
  const { setUser } = require("otel-sentry-bridge");
  exports.handler = async (event) => {${BODY}};`;

const PAID = { user: "anna", total: 5 };
const NEGATIVE = { user: "anna", total: -5 };

let server: IngestServer;

beforeAll(async () => (server = await startIngestServer()));
beforeEach(() => server.clear());
afterAll(() => server.close());

function fileOf(files: ReadonlyMap<string, string>, name: string): string {
  const text = files.get(name);
  if (text === undefined) throw new Error(`the page has no file ${name}`);
  return text;
}

function application(files: Readonly<Record<string, string>>): Application {
  const app = tracedApplication(INSTALLED);
  app.write("runtime.mjs", RUNTIME);
  for (const [name, text] of Object.entries(files)) app.write(name, text);
  return app;
}

interface Invocation {
  readonly flags: string;
  readonly file: string;
  readonly event: object;
}

/** Calls the handler; resolves to its answer when the process was killed. */
async function invoke(app: Application, { flags, file, event }: Invocation): Promise<string> {
  const args = `${flags} runtime.mjs ${join(app.directory, file)} '${JSON.stringify(event)}'`;
  const running = startCommand(`node ${args}`, {
    cwd: app.directory,
    env: {
      PATH: process.env["PATH"],
      SENTRY_DSN: server.dsn,
      LAMBDA_TASK_ROOT: app.directory,
      _HANDLER: "handler.handler",
    },
  });
  const answer = await running.output(/./);
  expect(await running.end).toMatchObject({ signal: "SIGKILL", stderr: "" });
  return answer;
}

function received(): unknown {
  return {
    transactions: server
      .transactions()
      .map(({ transaction, user, contexts }) => [transaction, user?.id, contexts.trace?.status]),
    errors: server
      .errors()
      .map(({ transaction, user, exception }) => [
        transaction,
        user?.id,
        exception?.values[0]?.value,
      ]),
  };
}

const lambda = fileOf(page, "lambda-instrumentation.mjs");
const asCommonJs = lambda
  .replace(/^.*node:module.*\n/m, "")
  .replace(/^register\(.*\n/m, "")
  .replaceAll(/^import (\{.*\}) from (".*");$/gm, "const $1 = require($2);");

const HANDLERS: Record<string, { flags: string; files: Record<string, string>; file: string }> = {
  "a plain handler": {
    flags: "--import ./instrumentation.mjs",
    file: "handler.mjs",
    files: {
      "instrumentation.mjs": fileOf(setUp, "instrumentation.mjs"),
      "traced.mjs": fileOf(page, "traced.mjs"),
      "handler.mjs": fileOf(page, "handler.mjs"),
    },
  },
  "OTel's Lambda instrumentation and an ES module": {
    flags: "--import ./lambda-instrumentation.mjs",
    file: "handler.mjs",
    files: { "lambda-instrumentation.mjs": lambda, "handler.mjs": OWN_ESM },
  },
  "OTel's Lambda instrumentation and a CommonJS module": {
    flags: "--require ./lambda-instrumentation.cjs",
    file: "handler.cjs",
    files: { "lambda-instrumentation.cjs": asCommonJs, "handler.cjs": OWN_CJS },
  },
};

describe.each(Object.entries(HANDLERS))(
  "a process that is killed as soon as it has answered, with %s",
  { timeout: 60_000 },
  (_name, { flags, file, files }) => {
    it("has sent its transaction before", async () => {
      const answer = await invoke(application(files), { flags, file, event: PAID });

      expect(answer).toBe('{"statusCode":200,"body":"paid"}');
      expect(received()).toEqual({
        transactions: [["checkout", "anna", expect.not.stringContaining("error")]],
        errors: [],
      });
    });

    it("has sent its error before, and passes it on", async () => {
      const answer = await invoke(application(files), { flags, file, event: NEGATIVE });

      expect(answer).toBe("failed: negative total");
      expect(received()).toEqual({
        transactions: [["checkout", "anna", "internal_error"]],
        errors: [["checkout", "anna", "negative total"]],
      });
    });
  },
);

describe("the page on serverless functions", { timeout: 60_000 }, () => {
  // If this fails, the instrumentation has learned to find the provider later, and the page may say so.
  it("is right that an instrumentation in NodeSDK's own list does not wait", async () => {
    const inList = lambda
      .replace(/^registerInstrumentations.*$/m, "")
      .replace(
        "metricReaders",
        "instrumentations: [new AwsLambdaInstrumentation()],\n  metricReaders",
      );
    const files = { "lambda-instrumentation.mjs": inList, "handler.mjs": OWN_ESM };
    const flags = "--import ./lambda-instrumentation.mjs";

    const answer = await invoke(application(files), { flags, file: "handler.mjs", event: PAID });

    expect(answer).toBe('{"statusCode":200,"body":"paid"}');
    expect(received()).toEqual({ transactions: [], errors: [] });
  });

  it("is right that a server which does not answer cannot keep the function from answering", async () => {
    server.respondWith("stall");
    try {
      const flags = "--import ./lambda-instrumentation.mjs";
      const files = { "lambda-instrumentation.mjs": lambda, "handler.mjs": OWN_ESM };
      const answer = await invoke(application(files), { flags, file: "handler.mjs", event: PAID });
      expect(answer).toContain("paid");
    } finally {
      server.respondNormally();
    }
  });
});
