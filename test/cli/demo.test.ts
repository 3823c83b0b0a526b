import { describe, expect, it, onTestFinished } from "vitest";

import { startCommand } from "../docs/newcomer.js";
import { installApplication } from "../package/application.js";
import type { Application } from "../package/application.js";

const MAIN = "node_modules/otel-sentry-bridge/dist/cli.cjs";
const BESIDE = ["@opentelemetry/api", "@opentelemetry/context-async-hooks"];
const ARRIVED = /^Arrived: 4 transactions, 13 spans, 1 error, 2 logs, 2 metrics, 2 check-ins\.$/m;

function application(dependencies: readonly string[]): Application {
  const app = installApplication(dependencies);
  onTestFinished(() => app.remove());
  return app;
}

describe("the demo", { timeout: 60_000 }, () => {
  it.each(["@opentelemetry/sdk-trace-base", "@opentelemetry/sdk-trace"])(
    "shows the traces and the error of a small shop, and what has arrived, with %s",
    async (sdk) => {
      const app = application([...BESIDE, sdk]);

      const end = await app.node([MAIN, "demo", "--port", "0", "--once"]);

      expect(end).toMatchObject({ exitCode: 0, stderr: "" });
      expect(end.stdout).toMatch(ARRIVED);
      expect(end.stdout.match(/POST \/orders\/:id/g)).toHaveLength(3);
      expect(end.stdout).toContain("The card has expired");
      expect(end.stdout).toContain("user id=bob");
    },
  );

  it("leaves its inbox open, and ends with its address", async () => {
    const app = application([...BESIDE, "@opentelemetry/sdk-trace-base"]);
    const running = startCommand(`node ${MAIN} demo --port 0`, {
      cwd: app.directory,
      env: { PATH: process.env["PATH"] },
    });

    const output = await running.output(/^See all of it at .*$/m);
    const [, address = ""] = /^See all of it at (\S+) /m.exec(output) ?? [];
    const page = await fetch(address);
    running.kill("SIGTERM");

    expect(await page.text()).toContain("<html");
    expect(await running.end).toMatchObject({ exitCode: 0, stderr: "" });
  });

  it("says in one line what to install where there is no SDK", async () => {
    const end = await application(["@opentelemetry/api"]).node([MAIN, "demo"]);

    expect(end).toEqual({
      exitCode: 1,
      stdout: "",
      stderr: expect.stringMatching(/^The demo needs .* npm install @opentelemetry\/api .*\n$/),
    });
  });
});
