import { copyFileSync } from "node:fs";
import { join } from "node:path";

import { afterAll, beforeAll, describe, expect, it } from "vitest";

import type { Finding } from "../../src/doctor/finding.js";
import { SDK_BASE } from "../setup/traced-application.js";
import { installApplication } from "../package/application.js";
import type { Application } from "../package/application.js";
import { examineCommand } from "./examined.js";

let app: Application;

beforeAll(() => {
  app = installApplication(SDK_BASE);
  copyFileSync(join(import.meta.dirname, "fixtures/kit.mjs"), join(app.directory, "kit.mjs"));
});
afterAll(() => app.remove());

const SPAN = 'import { inSpan, setUp, tick } from "./kit.mjs"; setUp(); await inSpan("job", tick);';

async function lossOf(program: string): Promise<Finding | undefined> {
  app.write("app.mjs", program);
  const { report } = await examineCommand(app, "node app.mjs");
  return report.findings.find(({ name }) => name === "final-loss");
}

describe("data that a process has not sent at its end", () => {
  it("was lost by the exception that ended the process", async () => {
    const loss = await lossOf(`${SPAN}\nthrow new Error("boom");`);

    expect(loss).toMatchObject({
      mechanism: "An uncaught exception ended the process: Error: boom",
      evidence: [{ kind: "call", name: "throw Error", at: "app.mjs:2:7" }],
    });
    expect(loss?.code).toMatch(
      /^import \{ SentrySpanProcessor \} from .*\n.*captureUncaught: true/,
    );
  });

  it("was not lost by an exception that the application has handled", async () => {
    const loss = await lossOf(
      `process.on("uncaughtException", () => {});
      setImmediate(() => { throw new Error("handled"); });
      ${SPAN} process.exit();`,
    );

    expect(loss).toBeDefined();
    expect(JSON.stringify(loss)).not.toMatch(/exception|handled/);
  });
});
