import { existsSync, readFileSync, readdirSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";

import { constantIn, statedIn } from "./source-constants.js";

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
    expect(named.filter((name) => !isFile(name))).toEqual([
      "otel-sentry-bridge/testing",
      "otel-sentry-bridge/doctor",
    ]);
  });
});

const FOLDERS =
  "(?:support|protocol|trace|scope|privacy|semantics|client-reports|delivery|options|client|context|spans|errors|crons|logs|otel|setup|doctor|testing|inbox|cli)";

describe("docs/ARCHITECTURE.md, Bounds", () => {
  const section = page.slice(page.indexOf("## Bounds"), page.indexOf("## Time in tests"));
  const rows = section.split(/^### /m).flatMap((part) => {
    const [heading = ""] = part.split("\n");
    return [...part.matchAll(/^\| (.+) \| (.+) \| (.+) \| `([\w/-]+)` `([\w.]+)` \|$/gm)].map(
      ([, what = "", limit = "", , file = "", constant = ""]) => ({
        what,
        limit,
        path: new RegExp(`^${FOLDERS}/`).test(file) ? file : `${heading}/${file}`,
        constant,
      }),
    );
  });

  it("has a row of its own for each limit, with a constant", () => {
    const lines = section.match(/^\| (?!what |---)/gm) ?? [];
    expect(rows.length).toBeGreaterThan(100);
    expect(rows).toHaveLength(lines.length);
  });

  it.each(rows)("$what: $limit is $constant of $path", ({ limit, path, constant }) => {
    expect(statedIn(limit)).toContain(constantIn(`${root}src/${path}.ts`, constant));
  });
});
