import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";

import { parseAst } from "rolldown/parseAst";
import { describe, expect, it } from "vitest";

import { builtPackage, filesIn } from "./built-package.js";

const SOURCES = join(import.meta.dirname, "../../src");
const FUNCTIONS = new Set(["FunctionDeclaration", "FunctionExpression"]);
const CLASSES = new Set(["ClassDeclaration", "ClassExpression"]);

/** A node of a syntax tree, of any type. */
interface TreeNode {
  readonly type: string;
  readonly id?: TreeNode | null;
  readonly init?: TreeNode | null;
  readonly declaration?: TreeNode | null;
  readonly key?: TreeNode;
  readonly name?: string;
  readonly value?: unknown;
}

function isNode(value: unknown): value is TreeNode {
  return typeof value === "object" && value !== null;
}

/** Returns the name that a class, or a method that is not private, has in a stack trace. */
function memberName({ type, id, init, key }: TreeNode): unknown {
  const isVariable = type === "VariableDeclarator" && CLASSES.has(init?.type ?? "");
  const owner =
    type === "MethodDefinition" ? key : CLASSES.has(type) || isVariable ? id : undefined;
  return owner?.type === "PrivateIdentifier" ? undefined : (owner?.name ?? owner?.value);
}

/** Returns the name of a function that a source exports. */
function exportedName({ type, declaration }: TreeNode): unknown {
  const isFunction = FUNCTIONS.has(declaration?.type ?? "");
  return type === "ExportNamedDeclaration" && isFunction ? declaration?.id?.name : undefined;
}

function functionName({ type, id }: TreeNode): unknown {
  return FUNCTIONS.has(type) ? id?.name : undefined;
}

/** Returns the names that the entries export. */
function publicNames(): Set<string> {
  const require = createRequire(join(builtPackage(), "dist/index.cjs"));
  const entries = ["./index.cjs", "./doctor.cjs", "./testing.cjs"];
  return new Set(entries.flatMap((entry) => Object.keys(require(entry) as object)));
}

/** Returns the names in files that each function finds, without the number that the bundler may append. */
function namesIn(
  files: readonly string[],
  lang: "ts" | "js",
  ...namesOf: readonly ((node: TreeNode) => unknown)[]
): Set<string>[] {
  const found = namesOf.map((nameOf) => ({ nameOf, names: new Set<string>() }));
  function visit(node: object): void {
    for (const { nameOf, names } of found) {
      const name = nameOf(node as TreeNode);
      if (typeof name === "string") names.add(name.replace(/\$\d+$/, ""));
    }
    for (const key in node) visitChild((node as Record<string, unknown>)[key]);
  }
  function visitChild(child: unknown): void {
    if (Array.isArray(child)) child.forEach(visitChild);
    else if (isNode(child)) visit(child);
  }
  for (const file of files) visit(parseAst(readFileSync(file, "utf8"), { lang }));
  return found.map(({ names }) => names);
}

describe("the minified package", () => {
  it("keeps the name of each class, of each method that is not private, and of each public function, for stack traces", () => {
    const sources = filesIn(SOURCES).filter((file) => file.endsWith(".ts"));
    const built = filesIn(join(builtPackage(), "dist")).filter((file) => /\.c?js$/.test(file));
    const kept = new Set(namesIn(built, "js", memberName, functionName).flatMap((set) => [...set]));
    const [members = new Set(), exports = new Set()] = namesIn(
      sources,
      "ts",
      memberName,
      exportedName,
    );
    const exported = publicNames();
    const functions = [...exports].filter((name) => exported.has(name));
    const names = [...members, ...functions];

    expect(functions.length).toBeGreaterThan(50);
    expect(names.length).toBeGreaterThan(500);
    expect(names.filter((name) => !kept.has(name))).toEqual([]);
  });
});

describe("a stack trace of the package", () => {
  it("leads to the sources by `scripts/where.mjs`, to the line that called", () => {
    const program = `require("./index.cjs").createClient({ dsn: false, initialScope: () => console.log(new Error("called").stack) });`;
    const stack = execFileSync(process.execPath, ["--eval", program], {
      cwd: join(builtPackage(), "dist"),
      encoding: "utf8",
    });
    const frame = /\((.*otel-sentry-bridge\.cjs:.*)\)/.exec(stack)?.[1] ?? "";
    const answer = execFileSync(process.execPath, ["scripts/where.mjs", frame], {
      cwd: builtPackage(),
      encoding: "utf8",
    });
    const [, file = "", line] = /(src\/support\/diagnostics\.ts):(\d+)/.exec(answer) ?? [];

    const source = readFileSync(join(builtPackage(), file), "utf8").split("\n");
    expect(source[Number(line) - 1]).toMatch(/const value = run\(\)/);
  });
});
