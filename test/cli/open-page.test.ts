import { spawn } from "node:child_process";
import { once } from "node:events";
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { createInterface } from "node:readline";

import { afterEach, beforeEach, describe, expect, it } from "vitest";

import { browserOpener } from "../../src/cli/run-inbox.js";
import { builtPackage } from "../package/built-package.js";

const URL = "http://127.0.0.1:8970/";

describe("the opener of a platform", () => {
  it.each([
    ["darwin", "open"],
    ["win32", "rundll32"],
    ["linux", "xdg-open"],
    ["freebsd", "xdg-open"],
  ] as const)("of %s is %s, and the address is an argument of its own", (platform, command) => {
    const opener = browserOpener(platform, URL);

    expect(opener.command).toBe(command);
    expect(opener.args.at(-1)).toBe(URL);
  });
});

function startInbox(path: string) {
  const command = join(builtPackage(), "dist/cli.cjs");
  return spawn(process.execPath, [command, "inbox", "--port", "0", "--open"], {
    env: { PATH: path },
  });
}

describe.skipIf(process.platform !== "linux")("`inbox --open`", () => {
  let folder: string;
  beforeEach(() => (folder = mkdtempSync(join(tmpdir(), "opener-"))));
  afterEach(() => rmSync(folder, { recursive: true }));

  it("opens the address of the page", async () => {
    const opened = join(folder, "opened");
    writeFileSync(
      join(folder, "xdg-open"),
      `#!/bin/sh\nprintf %s "$1" > ${opened}.new && mv ${opened}.new ${opened} && kill -INT $PPID\n`,
    );
    chmodSync(join(folder, "xdg-open"), 0o755);
    const inbox = startInbox([folder, "/bin", "/usr/bin"].join(delimiter));
    const ended = once(inbox, "exit");
    let page = "";
    for await (const line of createInterface(inbox.stdout))
      page ||= /^Page: +(\S+)$/.exec(line)?.[1] ?? "";
    await ended;

    expect(page).toMatch(/^http:\/\/127\.0\.0\.1:\d+\/$/);
    expect(readFileSync(opened, "utf8")).toBe(page);
  });

  it("says so where there is no opener, and goes on", async () => {
    const inbox = startInbox(folder);
    const ended = once(inbox, "exit");
    for await (const line of createInterface(inbox.stderr)) {
      expect(line).toMatch(
        /^The browser could not be opened \(.*ENOENT\)\. Open http:\S+ yourself\.$/,
      );
      inbox.kill("SIGTERM");
    }

    expect(await ended).toEqual([0, null]);
  });
});
