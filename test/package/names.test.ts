import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";

import { parseAst } from "rolldown/parseAst";
import { describe, expect, it } from "vitest";

import { builtPackage, filesIn } from "./built-package.js";

const SOURCES = join(import.meta.dirname, "../../src");
const NAMED = new Set([
  "FunctionDeclaration",
  "FunctionExpression",
  "ClassDeclaration",
  "ClassExpression",
]);
const UNNAMED = new Set(["ArrowFunctionExpression", "FunctionExpression", "ClassExpression"]);

/** A node of a syntax tree, of any type. */
interface TreeNode {
  readonly type: string;
  readonly id?: TreeNode | null;
  readonly init?: TreeNode | null;
  readonly key?: TreeNode;
  readonly name?: string;
  readonly value?: unknown;
}

function isNode(value: unknown): value is TreeNode {
  return typeof value === "object" && value !== null;
}

/** Returns the name that a function or class has in a stack trace, without the number that the bundler may append. */
function nameOf({ type, id, init, key }: TreeNode): string | undefined {
  const isVariable = type === "VariableDeclarator" && UNNAMED.has(init?.type ?? "");
  const owner = type === "MethodDefinition" ? key : NAMED.has(type) || isVariable ? id : undefined;
  const name = owner?.name ?? owner?.value;
  return typeof name === "string" ? name.replace(/\$\d+$/, "") : undefined;
}

function namesIn(files: readonly string[], lang: "ts" | "js"): Set<string> {
  const names = new Set<string>();
  function visit(node: object): void {
    const name = nameOf(node as TreeNode);
    if (name !== undefined) names.add(name);
    for (const child of Object.values(node).flat()) if (isNode(child)) visit(child);
  }
  for (const file of files) visit(parseAst(readFileSync(file, "utf8"), { lang }));
  return names;
}

describe("the minified package", () => {
  it("keeps the name of each class, function and method, private ones included, for stack traces", () => {
    const sources = filesIn(SOURCES).filter((file) => file.endsWith(".ts"));
    const built = filesIn(join(builtPackage(), "dist")).filter((file) => /\.c?js$/.test(file));
    const kept = namesIn(built, "js");
    const names = [...namesIn(sources, "ts")];

    expect(names.length).toBeGreaterThan(2000);
    expect(names.filter((name) => !kept.has(name))).toEqual([]);
  });
});

describe("a stack trace of the package", () => {
  it("leads to the sources by `scripts/where.mjs`, to the line that threw", () => {
    const program = `try { require("./index.cjs").createClient({ dsn: "nonsense" }); } catch (error) { console.log(error.stack); }`;
    const stack = execFileSync(process.execPath, ["--eval", program], {
      cwd: join(builtPackage(), "dist"),
      encoding: "utf8",
    });
    const frame = /at parseDsn \((.*)\)/.exec(stack)?.[1] ?? "";
    const answer = execFileSync(process.execPath, ["scripts/where.mjs", frame], {
      cwd: builtPackage(),
      encoding: "utf8",
    });
    const [, file = "", line] = /(src\/protocol\/dsn\.ts):(\d+)/.exec(answer) ?? [];

    const source = readFileSync(join(builtPackage(), file), "utf8").split("\n");
    expect(source[Number(line) - 1]).toMatch(/throw new OptionsError/);
  });
});
