import { readFileSync } from "node:fs";
import { dirname, join, normalize } from "node:path";

import { describe, expect, it } from "vitest";

import { builtPackage } from "./built-package.js";

/** A declaration file: what it declares, by name, and where its imported names come from. */
interface DeclarationFile {
  readonly declarations: ReadonlyMap<string, string>;
  readonly imports: ReadonlyMap<string, Reference>;
}

interface Reference {
  readonly file: string;
  readonly name: string;
}

const DECLARATION =
  /^(?:export )?(?:declare )?(?:abstract )?(?:class|const|function|interface|type) (?<name>\w+)/;
const FROM = /(?:import|export) (?:type )?\{(?<names>[^}]*)\} from "(?<from>[^"]+)"/g;
const NAMESPACE = /import \* as (?<local>\w+) from "(?<from>\.[^"]+)"/g;
const RENAMED = /^(?:type )?(?<name>\w+)(?: as (?<local>\w+))?$/;

// Members of these are for the package's own parts: an application passes them on and calls `flush`, `close` and `stats`.
// The OTel SDK calls the methods of the classes that it is given, by its own types.
const NOT_ENTERED: ReadonlySet<string> = new Set([
  "ClientLogRecordProcessor",
  "ClientSampler",
  "ClientSpanExporter",
  "ClientSpanProcessor",
  "ScopeData",
  "SentryClient",
  "TracePropagator",
]);

const files = new Map<string, DeclarationFile>();

function readDeclarations(file: string): DeclarationFile {
  const known = files.get(file);
  if (known !== undefined) return known;
  const text = readFileSync(file, "utf8").replaceAll(/\/\*[\s\S]*?\*\//g, "");
  const read = {
    declarations: declarationsOf(text),
    imports: new Map([...importsOf(text, file), ...namespacesOf(text, file)]),
  };
  files.set(file, read);
  return read;
}

function declarationsOf(text: string): Map<string, string> {
  const blocks = text.split(
    /^(?=(?:export |declare )+(?:class|const|function|interface|type|abstract)|interface |type )/m,
  );
  return new Map(
    blocks.flatMap((block) => {
      const name = DECLARATION.exec(block)?.groups?.["name"];
      return name === undefined ? [] : [[name, block] as const];
    }),
  );
}

function targetOf(file: string, from: string = ""): string {
  return normalize(join(dirname(file), from.replace(/\.js$/, ".d.ts")));
}

function importsOf(text: string, file: string): Map<string, Reference> {
  const imports = new Map<string, Reference>();
  for (const { groups } of text.matchAll(FROM)) {
    const { names = "", from = "" } = groups ?? {};
    if (!from.startsWith(".")) continue;
    const target = targetOf(file, from);
    for (const part of names.split(",")) {
      const { name, local } = RENAMED.exec(part.trim())?.groups ?? {};
      if (name !== undefined) imports.set(local ?? name, { file: target, name });
    }
  }
  return imports;
}

function namespacesOf(text: string, file: string): Map<string, Reference> {
  const namespaces = [...text.matchAll(NAMESPACE)].map(({ groups }) => groups ?? {});
  return new Map(
    namespaces.map(({ local = "", from }) => [local, { file: targetOf(file, from), name: "*" }]),
  );
}

function referencesIn(block: string, file: string): Reference[] {
  const { declarations, imports } = readDeclarations(file);
  const words = new Set(block.replaceAll(/"[^"]*"/g, "").match(/\b[A-Za-z_]\w*\b/g));
  return [...words].flatMap((word) => {
    const imported = imports.get(word);
    if (imported !== undefined) return [imported];
    return declarations.has(word) ? [{ file, name: word }] : [];
  });
}

/** Everything that the public declarations name, itself or through others. */
function reachableFrom(entry: string): Map<string, Reference> {
  const reached = new Map<string, Reference>();
  const queue = [...readDeclarations(entry).imports.values()];
  for (const reference of queue) {
    const { file, name } = reference;
    const key = `${file} ${name}`;
    if (reached.has(key)) continue;
    reached.set(key, reference);
    if (name === "*") queue.push(...readDeclarations(file).imports.values());
    const block = readDeclarations(file).declarations.get(name);
    if (block !== undefined && !NOT_ENTERED.has(name)) queue.push(...referencesIn(block, file));
  }
  return reached;
}

// The functions themselves, which the entry exports under the same names, and the namespaces that they come by.
function isConstant({ name, file }: Reference): boolean {
  const block = readDeclarations(file).declarations.get(name);
  return (
    name === "*" || (block !== undefined && /^(?:export )?declare (?:const|function) /.test(block))
  );
}

describe("the types of the package", () => {
  it.each(["esm", "cjs"])("that public signatures name are exported: %s", (format) => {
    const entry = join(builtPackage(), "dist", format, "index.d.ts");
    const exported = new Set([...readDeclarations(entry).imports.values()].map(({ name }) => name));
    const missing = [...reachableFrom(entry).values()].filter(
      ({ name, file }) =>
        !exported.has(name) && !NOT_ENTERED.has(name) && !isConstant({ name, file }),
    );
    expect(missing.map(({ name, file }) => `${name} of ${file.split(`${format}/`)[1]}`)).toEqual(
      [],
    );
  });
});
