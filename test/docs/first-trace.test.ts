import { readFileSync } from "node:fs";
import { join } from "node:path";

import { afterAll, beforeAll, describe, expect, it } from "vitest";

import { freePort } from "../../scripts/support/free-port.mjs";
import { DEFAULT_INBOX_PORT } from "../../src/cli/run-inbox.js";
import { startIngestServer } from "../../src/testing/ingest-server.js";
import type { IngestServer } from "../../src/testing/ingest-server.js";
import { IS_DEEP } from "../property/runs.js";
import { ownTime } from "../time/measure.js";
import { installIn, installOrTakeKept } from "./kept-installation.js";
import { codeBlocks } from "./markdown.js";
import { NODE_BINARIES, newcomerFolder } from "./newcomer.js";
import type { NewcomerFolder, RunningCommand } from "./newcomer.js";
import { packedPackage } from "./packed-package.js";

const packed = packedPackage();
const blocks = codeBlocks(readFileSync(join(packed.directory, "README.md"), "utf8"));

function commandWith(text: string): string {
  const command = blocks.find(
    (block) => block.language === "sh" && block.text.includes(text),
  )?.text;
  if (command === undefined) throw new Error(`no command of the README has ${text}`);
  return command;
}

/** The files of the README. `app.cjs` is `app.mjs` with other lines in the place of its imports. */
function filesOfReadme(): Map<string, string> {
  const files = new Map(
    blocks.flatMap(({ fileName, text }) => (fileName === undefined ? [] : [[fileName, text]])),
  );
  const body = files.get("app.mjs")?.replace(/^(?:\/\/|import) .*\n/gm, "");
  files.set("app.cjs", `${files.get("app.cjs")}\n${body}`);
  return files;
}

// The packed package stands in for the one that the registry would have.
function installCommand(manager: string): string {
  const line = commandWith("npm install");
  return line.replace("otel-sentry-bridge", packed.tarball).replace("npm install", manager);
}

const MANAGERS = { npm: "npm install --no-audit --no-fund", pnpm: "npx --yes pnpm@10 add" };

const INSTALL_MILLIS = 300_000;

const ES_MODULES = { system: "ES modules", start: "node --import", app: "app.mjs" };
const COMMONJS = { system: "CommonJS", start: "node --require", app: "app.cjs" };

// A single version of Node runs the README with each package manager, but only with the first in full. Several versions run it with
// one manager each, by turns.
function casesOn(binary: string, at: number) {
  return Object.entries(MANAGERS)
    .map(([manager, install], index, { length }) => {
      const isWhole = IS_DEEP || index === at % length;
      return { binary, manager, install, isWhole };
    })
    .filter(({ isWhole }) => isWhole || NODE_BINARIES.length === 1);
}

const CASES = NODE_BINARIES.flatMap(casesOn);

describe.each(CASES)("the README with $manager on $binary", ({ binary, install, isWhole }) => {
  // Both have the same packages.
  const systems = isWhole ? [ES_MODULES, COMMONJS] : [ES_MODULES];
  let folder: NewcomerFolder;
  let server: IngestServer;

  beforeAll(async () => {
    folder = newcomerFolder(binary);
    server = await startIngestServer();
    for (const [name, text] of filesOfReadme()) folder.write(name, text);
    const command = installCommand(install);
    // The installation that takes a third as long stays a part of each run.
    if (install === MANAGERS.npm) await installOrTakeKept(folder, packed, command);
    else await installIn(folder, command);
  }, INSTALL_MILLIS);
  afterAll(async () => {
    folder.remove();
    await server.close();
  });

  function start(command: string, port: string): RunningCommand {
    server.clear();
    return folder.start(command.replace(/\bSENTRY_DSN=\S+/, `SENTRY_DSN=${server.dsn}`), {
      PORT: port,
    });
  }

  describe.each(systems)("as $system", ({ start: startOf, app }) => {
    it("leads to transactions with their routes, an error with its user and frames, and a clean end", async () => {
      const port = await freePort();
      const running = start(commandWith(startOf), port);
      await running.output(/Open http/);

      const failed = await fetch(`http://127.0.0.1:${port}/users/7`);
      const answered = await fetch(`http://127.0.0.1:${port}/users/8`);
      expect([failed.status, await answered.json()]).toEqual([500, { id: "8" }]);
      running.kill("SIGTERM");
      const { result, millis } = await ownTime(() => running.end);
      const { exitCode, stderr } = result;

      expect(millis).toBeLessThan(3000);
      expect(exitCode).toBe(0);
      expect(stderr).not.toContain("otel-sentry-bridge: ");
      expect(
        server
          .transactions()
          .map(({ transaction, user, transaction_info: info }) => [
            transaction,
            info?.source,
            user?.id,
          ])
          // Two connections may carry them, so either may arrive first.
          .toSorted((a, b) => String(a[2]).localeCompare(String(b[2]))),
      ).toEqual([
        ["GET /users/:id", "route", "7"],
        ["GET /users/:id", "route", "8"],
      ]);
      const [error, ...others] = server.errors();
      expect(others).toEqual([]);
      expect(error).toMatchObject({ transaction: "GET /users/:id", user: { id: "7" } });
      const thrown = error?.exception?.values[0];
      expect(thrown).toMatchObject({ type: "Error", value: "user 7 has no address" });
      expect(thrown?.stacktrace?.frames.at(-1)).toMatchObject({
        filename: join(folder.directory, app),
        in_app: true,
        context_line: expect.stringContaining('throw new Error("user 7 has no address")') as string,
      });
    });

    // They depend on Node, not on the layout of `node_modules`.
    describe.runIf(isWhole)("at its start and end", () => {
      it("reports an error that ends the process, and ends with it: the port is in use", async () => {
        const port = new URL(server.dsn).port;

        const { exitCode, stderr } = await start(commandWith(startOf), port).end;

        expect(exitCode).toBe(1);
        expect(stderr).toContain("EADDRINUSE");
        expect(
          server.errors().map(({ level, exception }) => [level, exception?.values[0]?.value]),
        ).toEqual([["fatal", expect.stringContaining("EADDRINUSE")]]);
      });

      it("lets a request that is open at SIGTERM finish", async () => {
        const port = await freePort();
        folder.write(
          app.replace("app", "slow"),
          readFileSync(join(folder.directory, app), "utf8").replace(
            "response.json(",
            `process.emit("open"); setTimeout((body) => response.json(body), 500, `,
          ) + `\nprocess.once("open", () => console.log("open"));`,
        );
        const command = commandWith(startOf).replace(app, app.replace("app", "slow"));
        const running = start(command, port);
        await running.output(/Open http/);

        const answer = fetch(`http://127.0.0.1:${port}/users/8`);
        await running.output(/^open$/m);
        running.kill("SIGTERM");
        const { result, millis } = await ownTime(() => running.end);

        expect(await (await answer).json()).toEqual({ id: "8" });
        expect(result.exitCode).toBe(0);
        expect(millis).toBeLessThan(3000);
        expect(server.transactions()).toHaveLength(1);
      });
    });
  });
});

describe("the README", () => {
  it("has the DSN that the inbox prints", () => {
    const dsns = blocks.flatMap(({ text }) => text.match(/SENTRY_DSN=http\S+/g) ?? []);
    expect(new Set(dsns)).toEqual(
      new Set([`SENTRY_DSN=http://inbox@127.0.0.1:${DEFAULT_INBOX_PORT}/1`]),
    );
  });

  it("needs at most five commands", () => {
    const commands = blocks.filter(
      ({ language, heading }) => language === "sh" && heading === "Your first trace",
    );
    expect(commands.length).toBeLessThanOrEqual(5);
  });

  it("names in its install line every package that its files import", () => {
    const imported = blocks
      .filter(({ fileName }) => fileName !== undefined)
      .flatMap(({ text }) => [...text.matchAll(/(?:from|require\() ?"(?<name>[^"]+)"/g)])
      .map(({ groups }) => groups?.["name"] ?? "")
      .filter((name) => !name.startsWith("node:"));
    const installed = commandWith("npm install").split(/[\s\\]+/);
    expect(installed).toEqual(expect.arrayContaining(imported));
    expect(installed).toContain("@opentelemetry/api");
  });
});
