import { existsSync, readFileSync, readdirSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";

const root = fileURLToPath(new URL("../../", import.meta.url));
const page = readFileSync(`${root}docs/ARCHITECTURE.md`, "utf8");

function isFile(name: string): boolean {
  return existsSync(`${root}src/${name}.ts`) || existsSync(`${root}${name}.ts`);
}

describe("docs/ARCHITECTURE.md", () => {
  it("has a row for each folder of src/, and for no other", () => {
    const table = page.slice(0, page.indexOf("\n## "));
    const named = [...table.matchAll(/^\| `([a-z-]+)` \|/gm)].map(([, name]) => name);
    const folders = readdirSync(`${root}src`, { withFileTypes: true })
      .filter((entry) => entry.isDirectory())
      .map((entry) => entry.name);
    expect(new Set(named)).toEqual(new Set(folders));
  });

  it("names files that exist", () => {
    const named = [...page.matchAll(/`((?:[a-z-]+\/)+[a-z0-9-]+)`/g)].flatMap(
      ([, name]) => name ?? [],
    );
    expect(named.length).toBeGreaterThan(40);
    expect(named.filter((name) => !isFile(name))).toEqual(["otel-sentry-bridge/testing"]);
  });
});
