import { execFile } from "node:child_process";
import { mkdirSync, readFileSync } from "node:fs";
import { basename, dirname, join } from "node:path";

import { afterAll, beforeAll, describe, expect, it } from "vitest";

import { installApplication } from "../package/application.js";
import type { Application } from "../package/application.js";
import { fileOf, programOf } from "./fragment-program.js";
import { FRAGMENTS } from "./fragments.js";
import { IMPORTED } from "./imported.js";
import { OTHER_BLOCKS } from "./other-blocks.js";
import { BLOCKS, blockOf, isNamed } from "./pages.js";
import type { PageBlock } from "./pages.js";

const root = join(import.meta.dirname, "../..");
const tsc = join(root, "node_modules/.bin/tsc");

const LANGUAGES: ReadonlySet<string> = new Set(["js", "jsx", "mjs", "cjs", "ts", "tsx", "mts"]);

const code = BLOCKS.filter(({ language }) => LANGUAGES.has(language));

const programs = OTHER_BLOCKS.programs.flatMap(({ page, begins }) =>
  begins.map((begin) => ({ page, begin })),
);

// Lines stay where they are on the page, but for one at the top.
function sourceOf(block: PageBlock): string {
  const fragment = FRAGMENTS.find((candidate) => isNamed(block, candidate));
  return fragment === undefined ? `\n${block.text}\n` : programOf(fragment);
}

const CONFIG = {
  compilerOptions: {
    allowJs: true,
    checkJs: true,
    noEmit: true,
    skipLibCheck: true,
    module: "nodenext",
    target: "es2023",
    lib: ["es2024"],
    // The JavaScript on the pages has no types of its own: what is checked is what the packages say.
    strict: false,
    types: ["node"],
  },
  include: ["pages"],
};

const STRICT_CONFIG = {
  compilerOptions: { ...CONFIG.compilerOptions, allowJs: false, checkJs: false, strict: true },
  include: ["pages/**/*.ts", "pages/**/*.tsx", "pages/**/*.mts"],
};

let app: Application;
const placed = new Map<string, PageBlock>();

function place(block: PageBlock): void {
  const name = fileOf(block);
  const folder = join("pages", block.page);
  const free = placed.has(join(folder, name)) ? join(folder, String(block.line)) : folder;
  mkdirSync(join(app.directory, free, dirname(name)), { recursive: true });
  app.write(join(free, name), sourceOf(block));
  placed.set(join(free, name), block);
}

beforeAll(() => {
  app = installApplication(IMPORTED, "published");
  app.write("tsconfig.json", JSON.stringify(CONFIG));
  app.write("tsconfig.strict.json", JSON.stringify(STRICT_CONFIG));
  for (const block of code) place(block);
});
afterAll(() => app.remove());

const FAULT = /^(?<file>\S+)\((?<line>\d+),\d+\): (?<message>.*)$/;

/** What the compiler says, with the lines of the pages. */
function compile(config = "tsconfig.json"): Promise<string[]> {
  return new Promise((resolve) => {
    execFile(process.execPath, [tsc, "-p", config], { cwd: app.directory }, (_error, stdout) => {
      resolve(
        stdout
          .split("\n")
          .filter((line) => line !== "")
          .map(onPage),
      );
    });
  });
}

function onPage(line: string): string {
  const { file = "", line: at = "", message = "" } = FAULT.exec(line)?.groups ?? {};
  const block = placed.get(file);
  return block === undefined ? line : `${block.page}:${block.line - 1 + Number(at)}: ${message}`;
}

describe("each code block of the README and the documentation", () => {
  const rows = [...FRAGMENTS, ...programs, ...OTHER_BLOCKS.drawings];

  it("is in exactly one row, or is a shell command", () => {
    const counts = BLOCKS.filter(({ language }) => language !== "sh").map((block) => ({
      block: `${block.page}:${block.line}`,
      rows: rows.filter((row) => isNamed(block, row)).length,
    }));
    expect(counts.filter((count) => count.rows !== 1)).toEqual([]);
  });

  it.each(rows)("is on its page, once: $page $begin", (row) => {
    expect(blockOf(row).page).toBe(row.page);
  });

  it.each(OTHER_BLOCKS.programs)("of $page is run by $ranBy, where it is a program", (row) => {
    const text = readFileSync(join(root, row.ranBy), "utf8");
    expect(text).toContain(basename(row.page));
  });

  it("of the page on Next.js is run by continuous integration", () => {
    expect(readFileSync(join(root, ".ci/run"), "utf8")).toMatch(/^npm run check$/m);
    expect(readFileSync(join(root, "scripts/check.mjs"), "utf8")).toContain(
      "scripts/next/main.mjs",
    );
  });
});

describe("the code of the README and the documentation", () => {
  it("compiles against the package's types", async () => {
    expect(await compile()).toEqual([]);
  });

  it("compiles in TypeScript with `strict`", async () => {
    app.write(
      "pages/testing.mts",
      `import { getClient } from "otel-sentry-bridge";
       import { assertSettled, dropped } from "otel-sentry-bridge/testing";
       assertSettled(getClient());
       const client = getClient();
       if (client !== undefined) console.log(dropped(client.stats().errors));`,
    );
    expect(await compile("tsconfig.strict.json")).toEqual([]);
  });

  it("does not compile with an option or an export that does not exist", async () => {
    app.write(
      "pages/wrong.mjs",
      `import { SentrySpanProcessor, nothing } from "otel-sentry-bridge";
       new SentrySpanProcessor({ captureUncaughts: true });`,
    );
    const faults = await compile();
    expect(faults).toEqual([
      expect.stringMatching(/wrong.*no exported member 'nothing'/),
      expect.stringMatching(/wrong.*captureUncaughts/),
    ]);
  });
});
