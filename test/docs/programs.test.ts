import { execFile } from "node:child_process";
import { mkdirSync, readFileSync, symlinkSync } from "node:fs";
import { dirname, join, relative } from "node:path";

import { afterAll, beforeAll, describe, expect, it } from "vitest";

import * as bridge from "../../src/index.js";
import { installApplication } from "../package/application.js";
import type { Application } from "../package/application.js";
import { filesIn } from "../package/built-package.js";
import { FRAGMENTS } from "./fragments.js";
import type { Fragment } from "./fragments.js";
import { codeBlocks } from "./markdown.js";
import type { CodeBlock } from "./markdown.js";

const root = join(import.meta.dirname, "../..");
const tsc = join(root, "node_modules/.bin/tsc");

// What the pages import, as users install it.
const INSTALLED = [
  "@opentelemetry/api",
  "@opentelemetry/context-async-hooks",
  "@opentelemetry/instrumentation",
  "@opentelemetry/instrumentation-aws-lambda",
  "@opentelemetry/instrumentation-express",
  "@opentelemetry/instrumentation-http",
  "@opentelemetry/sdk-node",
  "@opentelemetry/sdk-trace-base",
  "@types/express",
  "@types/node",
  "@vercel/otel",
  "undici",
];

const LANGUAGES: ReadonlySet<string> = new Set(["js", "jsx", "mjs", "cjs", "ts", "tsx", "mts"]);

interface PageBlock extends CodeBlock {
  readonly page: string;
}

const blocks: readonly PageBlock[] = ["README.md", "docs", "examples"]
  .flatMap((path) => filesIn(join(root, path)))
  .filter((file) => file.endsWith(".md"))
  .flatMap((file) =>
    codeBlocks(readFileSync(file, "utf8")).map((block) => ({
      ...block,
      page: relative(root, file),
    })),
  )
  .filter(({ language }) => LANGUAGES.has(language));

function fragmentOf({ page, text }: PageBlock): Fragment | undefined {
  return FRAGMENTS.find((fragment) => fragment.page === page && text.startsWith(fragment.begin));
}

// Programs without a name are test files.
function isProgram(block: PageBlock): boolean {
  return block.fileName !== undefined || block.text.includes("node:test");
}

// Lines stay where they are on the page, but for one at the top.
function sourceOf(block: PageBlock): string {
  const fragment = fragmentOf(block);
  if (fragment === undefined) return `\n${block.text}\n`;
  return `${importsFor(block.text)} ${fragment.before ?? ""}\n${block.text}\n${fragment.after ?? ""}\nexport {};\n`;
}

// A page does not repeat an import for each fragment.
function importsFor(text: string): string {
  const words = new Set(text.match(/\b[A-Za-z]\w*\b/g));
  const imported = text.match(/import \{[^}]*\}/g)?.join(" ") ?? "";
  const names = Object.keys(bridge).filter((name) => words.has(name) && !imported.includes(name));
  return names.length === 0 ? "" : `import { ${names.join(", ")} } from "otel-sentry-bridge";`;
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

let app: Application;
const placed = new Map<string, PageBlock>();

function place(block: PageBlock): void {
  const name = block.fileName ?? `line-${block.line}.mts`;
  const folder = join("pages", block.page);
  const free = placed.has(join(folder, name)) ? join(folder, String(block.line)) : folder;
  mkdirSync(join(app.directory, free, dirname(name)), { recursive: true });
  app.write(join(free, name), sourceOf(block));
  placed.set(join(free, name), block);
}

beforeAll(() => {
  app = installApplication(INSTALLED);
  symlinkSync(join(root, "node_modules/express"), join(app.directory, "node_modules/express"));
  app.write("tsconfig.json", JSON.stringify(CONFIG));
  for (const block of blocks) place(block);
});
afterAll(() => app.remove());

const FAULT = /^(?<file>\S+)\((?<line>\d+),\d+\): (?<message>.*)$/;

/** What the compiler says, with the lines of the pages. */
function compile(): Promise<string[]> {
  return new Promise((resolve) => {
    execFile(process.execPath, [tsc, "-p", "."], { cwd: app.directory }, (_error, stdout) => {
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

describe("the code of the README and the documentation", () => {
  it("is a program with a file name, or listed as a fragment", () => {
    const unknown = blocks.filter((block) => !isProgram(block) && fragmentOf(block) === undefined);
    expect(unknown.map(({ page, line }) => `${page}:${line}`)).toEqual([]);
  });

  it("has every fragment that is listed", () => {
    const found = new Set(blocks.map((block) => fragmentOf(block)));
    expect(FRAGMENTS.filter((fragment) => !found.has(fragment))).toEqual([]);
  });

  it("compiles against the package's types", async () => {
    expect(await compile()).toEqual([]);
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
