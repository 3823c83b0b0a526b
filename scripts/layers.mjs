// Import rules of src/: which folder stands on which, who may import OpenTelemetry, files and the network; and
// that no file name and no export is used twice. Prints each fault and exits with 1.
import { readFileSync, readdirSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const SRC = fileURLToPath(new URL("../src", import.meta.url));

/** Lowest first: a file imports its own folder and those before it. */
const FOLDERS = [
  "support",
  "protocol",
  "trace",
  "scope",
  "privacy",
  "semantics",
  "client-reports",
  "delivery",
  "options",
  "client",
  "context",
  "spans",
  "errors",
  "crons",
  "logs",
  "otel",
  "setup",
  "inert",
  "doctor",
  "testing",
  "inbox",
  "cli",
];

/** Packages and who may import them, as prefixes of paths below src/. `types`: who may import types only. */
const PACKAGES = [
  {
    name: /^@opentelemetry\//,
    in: ["context/", "otel/", "setup/", "errors/", "crons/", "logs/", "inert/", "doctor/", "cli/"],
    types: ["trace/"],
  },
  {
    name: /^(?:node:)?fs(?:\/|$)/,
    in: [
      "delivery/spool/spool-files.ts",
      "errors/source-files.ts",
      "inbox/page-file.ts",
      "doctor/examined-run.ts",
      "doctor/installed-packages.ts",
      "doctor/run.ts",
      "doctor/start-command.ts",
    ],
  },
  {
    name: /^(?:node:)?(?:dgram|dns|http2?|https|net|tls)(?:\/|$)/,
    in: [
      "delivery/http/",
      "testing/",
      "inbox/",
      "cli/",
      "doctor/server-check.ts",
      "scope/scope-values.ts",
    ],
  },
  { name: /^(?:node:)?worker_threads$/, in: ["delivery/thread/", "doctor/run.ts"] },
];

/** The inert entry runs where there is no Node: modules without any import of Node's. */
const INERT = /^(?:inert\/|protocol\/errors\.ts$|scope\/scope-data\.ts$)/;

const IMPORT = /^(?:import|export)\s+(type\s)?(?:[^;"]*?\sfrom\s+)?"([^"]+)"/gm;
const EXPORT =
  /^export (?:declare |async |abstract )*(?:function\*?|const|class|interface|type|let) (\w+)/gm;
const STATE_BY_CLIENT = /\bWeak(?:Map|Set)<\w*Client(?:Core)?\b/;
const DYNAMIC_IMPORT = /\bimport\("([^"]+)"\)/g;

const faults = [];
const files = readdirSync(SRC, { recursive: true }).filter(
  (file) => file.endsWith(".ts") && !file.startsWith("inbox/page/"),
);

const folderOf = (file) => (file.includes("/") ? file.slice(0, file.indexOf("/")) : "");
const startsWithOneOf = (file, prefixes = []) => prefixes.some((prefix) => file.startsWith(prefix));

checkFolders();
for (const file of files) {
  const text = readFileSync(join(SRC, file), "utf8");
  for (const [, type, from] of text.matchAll(IMPORT)) checkImport(file, from, type !== undefined);
  for (const [, from] of text.matchAll(DYNAMIC_IMPORT)) checkImport(file, from, false);
  checkState(file, text);
}
checkNames();
for (const fault of faults) console.error(fault);
process.exitCode = faults.length === 0 ? 0 : 1;

// A folder that is not in the list would stand below all others.
function checkFolders() {
  const found = new Set(files.map(folderOf));
  found.delete("");
  for (const folder of found)
    if (!FOLDERS.includes(folder))
      faults.push(`src/${folder}/ has no position in FOLDERS of scripts/layers.mjs: add it`);
  for (const folder of FOLDERS)
    if (!found.has(folder)) faults.push(`FOLDERS of scripts/layers.mjs names no folder: ${folder}`);
}

function checkState(file, text) {
  if (STATE_BY_CLIENT.test(text))
    faults.push(`${file} keeps state by client: setup/bridge-client.ts makes it and hands it over`);
}

function checkImport(file, from, isType) {
  if (from.startsWith("."))
    return checkFolder(file, join(dirname(file), from).replace(/\.js$/, ".ts"), isType);
  for (const { name, in: allowed, types } of PACKAGES) {
    if (!name.test(from) || startsWithOneOf(file, allowed)) continue;
    if (!isType || !startsWithOneOf(file, types))
      faults.push(`${file} must not import ${from}${isType ? "" : " (values)"}`);
  }
  if (file.startsWith("inert/") && from.startsWith("node:"))
    faults.push(`${file} runs where there is no ${from}`);
}

function checkFolder(file, imported, isType) {
  const own = folderOf(file);
  const other = folderOf(imported);
  if (own === "" || imported === "version.ts") return;
  if (own === "inert" && (isType || INERT.test(imported))) return;
  if (other === "" || own === "inert" || FOLDERS.indexOf(other) > FOLDERS.indexOf(own))
    faults.push(`${file} must not import ${imported}: ${other || "the entry"} stands above ${own}`);
}

function checkNames() {
  const names = new Map();
  for (const file of files) {
    note(`the file name ${basename(file)}`, file);
    // What the package exports, once more without a function; and the list of all that it exports.
    if (file.startsWith("inert/") || file === "index.ts") continue;
    const text = readFileSync(join(SRC, file), "utf8");
    for (const name of new Set([...text.matchAll(EXPORT)].map(([, found]) => found)))
      note(name, file);
  }
  for (const [name, where] of names)
    if (where.length > 1) faults.push(`${name} stands in ${where.join(" and ")}`);

  function note(name, file) {
    names.set(name, [...(names.get(name) ?? []), file]);
  }
}
