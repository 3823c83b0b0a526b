import { execFile } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";

import { afterAll, beforeAll, describe, expect, it } from "vitest";

import { installApplication } from "./application.js";
import type { Application } from "./application.js";
import { PROGRAMS, REFUSED } from "./type-programs.js";

const tsc = join(import.meta.dirname, "../../node_modules/.bin/tsc");

// Fields of these are for the package's own parts: an application passes them on.
// The OTel SDK calls the methods of the classes that it is given, by its own types.
const NOT_ENTERED: ReadonlySet<string> = new Set([
  "ClientLogRecordProcessor",
  "ClientSampler",
  "ClientSpanExporter",
  "ClientSpanProcessor",
  "ScopeData",
  "TracePropagator",
]);

const DECLARATION =
  /^(?:export )?(?:declare )?(?:abstract )?(?:class|const|function|interface|type) (?<name>[\w$]+)/;
// At the end, of those whose declarations are not exported where they stand.
const EXPORTS = /^export \{ (?<names>.*) \};$/m;

let app: Application;
let faults: readonly Fault[];

beforeAll(async () => {
  app = installApplication(["@opentelemetry/api", "@types/node", "undici-types"]);
  faults = faultsIn(await compile(PROGRAMS));
});
afterAll(() => app.remove());

function typesOf(entry: string): string {
  return readFileSync(join(app.packageDirectory, "dist", entry), "utf8");
}

/** The declarations of a text, by name. */
function declarationsOf(text: string): Map<string, string> {
  const blocks = text
    .replaceAll(/\/\*[\s\S]*?\*\//g, "")
    .split(/^(?=declare |interface |type |export )/m);
  return new Map(
    blocks.flatMap((block) => {
      const name = DECLARATION.exec(block)?.groups?.["name"];
      return name === undefined ? [] : [[name, block] as const];
    }),
  );
}

function exportedNames(text: string): string[] {
  const listed = EXPORTS.exec(text)?.groups?.["names"] ?? "";
  const inPlace = [...declarationsOf(text)].filter(([, block]) => block.startsWith("export "));
  return [
    ...inPlace.map(([name]) => name),
    ...listed.split(", ").map((name) => name.replace(/^type /, "").replace(/ as .*/, "")),
  ];
}

/** Everything that the exported declarations name, themselves or through others. */
function reachableIn(text: string): Set<string> {
  const declarations = declarationsOf(text);
  const reached = new Set(exportedNames(text));
  for (const name of reached) {
    if (NOT_ENTERED.has(name)) continue;
    const block = declarations.get(name)?.replaceAll(/"[^"]*"/g, "") ?? "";
    for (const word of block.match(/[A-Za-z_$][\w$]*/g) ?? [])
      if (declarations.has(word)) reached.add(word);
  }
  return reached;
}

/** What the compiler says about these files, which it compiles at once: most of its time goes into the declarations that all of them import. */
function compile(files: Readonly<Record<string, string>>): Promise<string> {
  for (const [file, text] of Object.entries(files)) app.write(file, text);
  const config = {
    compilerOptions: {
      strict: true,
      exactOptionalPropertyTypes: true,
      module: "node20",
      target: "es2023",
      lib: ["es2023"],
      types: ["node"],
      noEmit: true,
      skipLibCheck: false,
    },
    files: Object.keys(files),
  };
  app.write("tsconfig.json", JSON.stringify(config));
  return new Promise((resolve) => {
    execFile(process.execPath, [tsc, "-p", "."], { cwd: app.directory }, (_error, stdout) =>
      resolve(stdout),
    );
  });
}

interface Fault {
  readonly file: string;
  readonly text: string;
}

/** The faults in the compiler's output. What goes on below a fault is indented. */
function faultsIn(output: string): Fault[] {
  return output
    .split(/\n(?=\S)/)
    .filter((text) => text.trim() !== "")
    .map((text) => ({ file: /^[^(\n]*/.exec(text)?.[0] ?? "", text }));
}

/** The faults of these files, and those that are in no program: a declaration of the package, or the compiler's settings. */
function faultsOf(...files: readonly string[]): string {
  const others = new Set(Object.keys(PROGRAMS).filter((name) => !files.includes(name)));
  return faults
    .filter(({ file }) => !others.has(file))
    .map(({ text }) => text)
    .join("\n");
}

describe("the types of the package", () => {
  it("that public signatures name are exported", () => {
    const text = typesOf("index.d.cts");
    const exported = new Set(exportedNames(text));
    const declarations = declarationsOf(text);
    const missing = [...reachableIn(text)].filter(
      (name) =>
        !exported.has(name) &&
        !NOT_ENTERED.has(name) &&
        !/^declare (?:const|function)/.test(declarations.get(name) ?? ""),
    );

    expect(exported.size).toBeGreaterThan(100);
    expect(missing).toEqual([]);
  });

  it("are declared once: `import` and `require` have assignable types", () => {
    for (const entry of ["index", "testing"])
      expect(typesOf(`${entry}.d.ts`)).toBe(`export * from "./${entry}.cjs";\n`);
    expect(typesOf("testing.d.cts")).toMatch(
      /import type \{[^}]*\bTransport\b[^}]*\} from "\.\/index\.cjs"/,
    );
  });

  it("of functions have their documentation where they are exported", () => {
    expect(typesOf("index.d.cts")).toMatch(/\*\/\nexport declare function captureException\(/);
  });

  it("let a value that a CommonJS module made be used where an ES module's is expected", () => {
    expect(faultsOf("library.cts", "application.mts")).toBe("");
  });

  it("show an application no more of a client than it may call", () => {
    const client = declarationsOf(typesOf("index.d.cts")).get("SentryClient") ?? "";
    const fields = [...client.matchAll(/^\s+(?:readonly )?(\w+)[(:]/gm)].map(([, name]) =>
      String(name),
    );
    expect(fields.toSorted()).toEqual(["close", "dsn", "flush", "isClosed", "stats"]);
  });

  it("take values of the application's own interfaces as users, tags, contexts and other data", () => {
    expect(faultsOf("own.mts")).toBe("");
  });

  it.each(REFUSED)("refuse a value that Sentry would not take: %s", (_call, fault, file) => {
    expect(faultsOf(file)).toMatch(fault);
  });

  it("make the use of an unknown export a compile error", () => {
    expect(faultsOf("unknown.mts")).toMatch(/'dsm' does not exist/);
    expect(faultsOf("unknown.mts")).toMatch(/'flsh' does not exist/);
  });
});
