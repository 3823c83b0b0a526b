// Writes the tables of docs/options.md from the declarations of the options and their table: `npm run options`.
// Without `--write`, exits with 1 if the page differs.
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

import { build } from "esbuild";

const root = fileURLToPath(new URL("..", import.meta.url));
const PAGE = join(root, "docs/options.md");
const START = "<!-- options -->";
const END = "<!-- end -->";

// The documentation of a member, its name and its type, in the format of `npm run format`.
const MEMBER =
  /^ {2}\/\*\*(?<text>(?:(?!\*\/)[^])*)\*\/\n {2}readonly (?<name>\w+)\?*: (?<type>[^;]+);$/gm;

/** Reads the members of an interface from a source file. */
function membersOf(file, name) {
  const source = readFileSync(join(root, "src/options", file), "utf8");
  const start = source.indexOf(`export interface ${name} {\n`);
  const body = source.slice(start, source.indexOf("\n}\n", start) + 1);
  return [...body.matchAll(MEMBER)].map(({ groups }) => ({
    name: groups.name,
    type: groups.type.replace(" | undefined", "").replaceAll(/\s+/g, " "),
    text: groups.text
      .split("\n")
      .map((line) => line.replace(/^\s+\* ?/, "").trim())
      .join(" ")
      .trim(),
  }));
}

/** Loads the table of the options, which is not exported by the package. */
async function optionTable() {
  const { outputFiles } = await build({
    entryPoints: [join(root, "src/options/option-table.ts")],
    bundle: true,
    format: "esm",
    platform: "node",
    write: false,
    banner: {
      js: `import { createRequire } from "node:module"; const require = createRequire(${JSON.stringify(import.meta.url)});`,
    },
  });
  const code = Buffer.from(outputFiles[0].contents).toString("base64");
  return (await import(`data:text/javascript;base64,${code}`)).OPTIONS;
}

const cell = (text) => text.replaceAll("|", "\\|");

// The page has a column for both.
const ELSEWHERE =
  / ?(?:Environment: `SENTRY_\w+`|Default (?:\[\]|true|false|none|[\d,]+))\.(?= |$)/g;

function rowOf({ name, type, text }, { default: value, variable } = {}) {
  const shown = value === undefined ? "" : `\`${JSON.stringify(value)}\``;
  const from = variable === undefined ? "" : `\`${variable.name}\``;
  const meaning = text.replaceAll(ELSEWHERE, "").trim();
  return `| \`${name}\` | \`${cell(type)}\` | ${shown} | ${from} | ${cell(meaning)} |`;
}

function table(rows) {
  return [
    "| option | type | default | environment | meaning |",
    "| --- | --- | --- | --- | --- |",
    ...rows,
  ].join("\n");
}

const PARTS = [
  ["transport", "delivery-options.ts", "HttpOptions"],
  ["transport.tcpKeepAlive", "delivery-options.ts", "TcpKeepAlive"],
  ["spool", "delivery-options.ts", "SpoolOptions"],
  ["keepUnsampled", "options.ts", "KeepUnsampled"],
];

function partOf([option, file, name]) {
  const rows = membersOf(file, name).map(
    (member) => `| \`${member.name}\` | \`${cell(member.type)}\` | ${cell(member.text)} |`,
  );
  return [
    `## \`${option}\``,
    "",
    "| option | type | meaning |",
    "| --- | --- | --- |",
    ...rows,
  ].join("\n");
}

async function tables() {
  const options = await optionTable();
  const members = membersOf("options.ts", "ClientOptions");
  const missing = Object.keys(options).filter(
    (name) => !members.some((member) => member.name === name),
  );
  if (missing.length > 0) throw new Error(`no declaration was found of ${missing.join(", ")}`);
  const rows = members.map((member) => rowOf(member, options[member.name]));
  return ["## Options of a client", "", table(rows), "", PARTS.map(partOf).join("\n\n")].join("\n");
}

const page = readFileSync(PAGE, "utf8");
const [before, rest] = page.split(START);
const written = `${before}${START}\n\n${await tables()}\n\n${rest.slice(rest.indexOf(END))}`;
if (process.argv.includes("--write")) writeFileSync(PAGE, written);
else if (written !== page) {
  console.error("docs/options.md differs from src/options: npm run options");
  process.exitCode = 1;
}
