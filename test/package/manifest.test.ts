import { spawnSync } from "node:child_process";
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { describe, expect, it, onTestFinished } from "vitest";

const script = join(import.meta.dirname, "../../scripts/manifest.mjs");

const FULL = `${JSON.stringify({ name: "shop", scripts: { test: "vitest" }, devDependencies: {} }, null, 2)}\n`;
const PACKED = `${JSON.stringify({ name: "shop" }, null, 2)}\n`;

/** A repository with a manifest, in which packing can be interrupted. */
function repository() {
  const directory = mkdtempSync(join(tmpdir(), "otel-sentry-bridge-manifest-"));
  onTestFinished(() => rmSync(directory, { recursive: true }));
  mkdirSync(join(directory, "scripts"));
  cpSync(script, join(directory, "scripts/manifest.mjs"));
  const [manifest, saved] = ["package.json", "dist.package.json"].map((file) =>
    join(directory, file),
  );
  if (manifest === undefined || saved === undefined) throw new Error("no paths");
  writeFileSync(manifest, FULL);
  return {
    run: (command: "pack" | "restore") => {
      const args = ["scripts/manifest.mjs", command];
      return spawnSync(process.execPath, args, { cwd: directory, encoding: "utf8" });
    },
    write: (text: string) => writeFileSync(manifest, text),
    read: () => readFileSync(manifest, "utf8"),
    saved: () => (existsSync(saved) ? readFileSync(saved, "utf8") : undefined),
  };
}

describe("the manifest that is packed", () => {
  it("lacks scripts and development dependencies until it is restored", () => {
    const { run, read, saved } = repository();
    expect(run("pack").status).toBe(0);
    expect(read()).toBe(PACKED);
    expect(run("restore").status).toBe(0);
    expect([read(), saved()]).toEqual([FULL, undefined]);
  });

  it("is made of the whole one again after packing was interrupted", () => {
    const { run, read } = repository();
    run("pack");
    expect(run("pack").status).toBe(0);
    expect(read()).toBe(PACKED);
    run("restore");
    expect(read()).toBe(FULL);
  });

  it.each(["pack", "restore"] as const)(
    "keeps edits that were made after packing was interrupted: %s stops with a message",
    (command) => {
      const { run, read, write, saved } = repository();
      run("pack");
      for (const edited of [PACKED, FULL].map((text) => text.replace("shop", "store"))) {
        write(edited);
        const { status, stderr } = run(command);
        expect([status, read(), saved()]).toEqual([1, edited, FULL]);
        expect(stderr).toContain("package.json was edited after packing was interrupted");
      }
    },
  );

  it("is made of one that was put back by other means", () => {
    const { run, read, write, saved } = repository();
    run("pack");
    write(FULL);
    expect(run("pack").status).toBe(0);
    expect([read(), saved()]).toEqual([PACKED, FULL]);
  });

  it("is left alone by a restore without packing", () => {
    const { run, read } = repository();
    expect(run("restore").status).toBe(0);
    expect(read()).toBe(FULL);
  });
});
