import { execFile } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";

import { afterAll, beforeAll, describe, expect, it } from "vitest";

import { installApplication } from "./application.js";
import type { Application } from "./application.js";

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

beforeAll(() => {
  app = installApplication(["@opentelemetry/api", "@types/node", "undici-types"]);
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

/** What the compiler says about a program of these files. */
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

  it("let a value that a CommonJS module made be used where an ES module's is expected", async () => {
    expect(await compile({ "library.cts": LIBRARY, "application.mts": APPLICATION })).toBe("");
  });

  it("show an application no more of a client than it may call", () => {
    const client = declarationsOf(typesOf("index.d.cts")).get("SentryClient") ?? "";
    const fields = [...client.matchAll(/^\s+(?:readonly )?(\w+)[(:]/gm)].map(([, name]) =>
      String(name),
    );
    expect(fields.toSorted()).toEqual(["close", "dsn", "flush", "isClosed", "stats"]);
  });

  it("take values of the application's own interfaces as users, tags, contexts and other data", async () => {
    expect(await compile({ "own.mts": OWN_TYPES })).toBe("");
  });

  it.each([
    ["setUser({ id: new Date() })", /'Date' is not assignable/],
    ["setUser(order)", /'Date' is not assignable/],
    ["setTags({ at: new Date() })", /'Date' is not assignable/],
    ["setTags(order)", /'Order' is not assignable|'Date' is not assignable/],
    [`setContext("order", "7")`, /'string' is not assignable/],
  ])("refuse a value that Sentry would not take: %s", async (call, fault) => {
    const program = `
      import { setContext, setTags, setUser } from "otel-sentry-bridge";
      interface Order { id: Date }
      export const order: Order = { id: new Date() };
      export const calls = [setContext, setTags, setUser];
      ${call};
    `;
    expect(await compile({ "wrong.mts": program })).toMatch(fault);
  });

  it("make the use of an unknown export a compile error", async () => {
    const wrong = `import { createClient } from "otel-sentry-bridge"; createClient({ dsm: "" }).flsh();`;
    const faults = await compile({ "wrong.mts": wrong });
    expect(faults).toMatch(/'dsm' does not exist/);
    expect(faults).toMatch(/'flsh' does not exist/);
  });
});

const OWN_TYPES = `
  import * as bridge from "otel-sentry-bridge";
  interface Account { id: string; plan: string; seats?: number }
  interface Profile { accountId: string }
  interface Order { total: number; lines: string[] }
  declare const account: Account, profile: Profile, order: Order;
  const scope = bridge.getCurrentScope();
  for (const target of [bridge, scope]) {
    target.setUser(account);
    target.setUser(profile);
    target.setUser({ id: "7", plan: "free" });
    target.setUser(null);
    target.setTags(account);
    target.setTags({ plan: "free", beta: true });
    target.setContext("order", order);
    target.setExtras(order);
    target.setAttributes(order);
    target.addBreadcrumb({ message: "paid", data: order });
  }
  scope.update({ user: account, extra: order, contexts: { order }, attributes: order });
  bridge.captureException(new Error("x"), { user: profile, contexts: { order } });
  bridge.logger.info("paid", order);
  bridge.metrics.count("orders", 1, { attributes: order });
`;

const LIBRARY = `
  import bridge = require("otel-sentry-bridge");
  import testing = require("otel-sentry-bridge/testing");
  export const client: bridge.SentryClient = bridge.createClient({ dsn: false });
  export const scope: bridge.Scope = bridge.getCurrentScope();
  export const processor = new bridge.SentrySpanProcessor(client);
  export const transport: bridge.Transport = testing.createMemoryTransport();
  export function use(other: bridge.SentryClient, own: bridge.Scope): void {
    bridge.setClient(other);
    own.update(scope);
  }
  export const refused = new bridge.OptionsError({ option: "dsn", expected: "must be a DSN" });
`;

const APPLICATION = `
  import { OptionsError, SentrySpanExporter, SentrySpanProcessor, createClient, getCurrentScope, setClient } from "otel-sentry-bridge";
  import type { Scope, SentryClient, Transport } from "otel-sentry-bridge";
  import { assertSettled } from "otel-sentry-bridge/testing";
  import { client, processor, refused, scope, transport, use } from "./library.cjs";
  const own: SentryClient = client;
  const ownScope: Scope = scope;
  const ownTransport: Transport = transport;
  const ownProcessor: SentrySpanProcessor = processor;
  const error: OptionsError = refused;
  setClient(client);
  use(createClient({ transport }), getCurrentScope());
  assertSettled(client);
  console.log(new SentrySpanExporter(client), own, ownScope, ownTransport, ownProcessor, error);
`;
