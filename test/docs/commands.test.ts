import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";

import { describe, expect, it } from "vitest";

import { runCli } from "../../src/cli/run-cli.js";
import { fakeTerminal } from "../cli/fake-terminal.js";
import { BLOCKS } from "./pages.js";

const root = join(import.meta.dirname, "../..");
const manifest = JSON.parse(readFileSync(join(root, "package.json"), "utf8")) as {
  readonly name: string;
  readonly scripts: Readonly<Record<string, string>>;
  readonly exports: Readonly<Record<string, unknown>>;
};

// Named by the pages, and not installed here: it has 100 dependencies.
const AUTO_INSTRUMENTATIONS = "@opentelemetry/auto-instrumentations-node/register";

// Installed by the scripts that run these examples, `npm run next` and `npm run temporal`.
const OF_SCRIPTS = /^(?:next|react|react-dom|@types\/react|@temporalio\/\w+)$/;

const FILES = new Set(BLOCKS.map(({ fileName }) => `./${fileName}`));

/** The commands of all shell blocks, in words, without their variables. */
const COMMANDS = BLOCKS.filter(({ language }) => language === "sh").flatMap(
  ({ page, line, text }) =>
    text
      .replaceAll("\\\n", " ")
      .split(/\n|&&/)
      .map((command) => ({ at: `${page}:${line}`, words: command.trim().split(/\s+/) }))
      .map(({ at, words }) => ({ at, words: words.filter((word) => !/^[A-Z_]+=/.test(word)) })),
);

/** Says what is wrong with a command; undefined for a right one. */
async function faultOf(words: readonly string[]): Promise<string | undefined> {
  const [program = "", first = "", ...rest] = words;
  if (program === "node") return nodeFault(words.slice(1));
  if (program === "npx" && first === manifest.name) return cliFault(rest);
  if (program === "npm" && ["install", "uninstall"].includes(first)) return installFault(rest);
  if (program === "npm") return scriptFault([first, ...rest]);
  if (program === "curl" || words.slice(0, 2).join(" ") === "npx next") return undefined;
  return "an unknown program";
}

function nodeFault(args: readonly string[]): string | undefined {
  const loaded = args.filter((_, index) => /^--(?:import|require)$/.test(args[index - 1] ?? ""));
  const wrong = loaded.filter(
    (name) => name !== AUTO_INSTRUMENTATIONS && !FILES.has(name) && !isExport(name),
  );
  return wrong.length === 0 ? undefined : `no file and no export: ${wrong.join(" ")}`;
}

function isExport(name: string): boolean {
  return Object.hasOwn(manifest.exports, name.replace(manifest.name, "."));
}

// With `--help` a command says what it does instead of doing it, after it has read its options.
async function cliFault(args: readonly string[]): Promise<string | undefined> {
  const terminal = fakeTerminal(false, 80);
  const [command = "", ...rest] = args;
  return (await runCli([command, "--help", ...rest], terminal)) === 0
    ? undefined
    : terminal.complaints.join(" ");
}

function installFault(names: readonly string[]): string | undefined {
  const unknown = names
    .map((name) => name.replace(/(?<=.)@[\d.]+$/, ""))
    .filter((name) => name !== manifest.name && !OF_SCRIPTS.test(name))
    .filter((name) => !AUTO_INSTRUMENTATIONS.startsWith(`${name}/`))
    .filter((name) => !existsSync(join(root, "node_modules", name)));
  return unknown.length === 0 ? undefined : `not installed here: ${unknown.join(" ")}`;
}

function scriptFault([command = "", name = ""]: readonly string[]): string | undefined {
  if (command === "ci") return undefined;
  const script = command === "run" ? name : command;
  return Object.hasOwn(manifest.scripts, script) ? undefined : `no script ${script}`;
}

describe("each shell command of the README and the documentation", () => {
  it.each(COMMANDS)(
    "names commands, options, files and packages that exist: $at",
    async (command) => {
      expect(await faultOf(command.words)).toBeUndefined();
    },
  );

  it("would be found if it named others", async () => {
    const wrong = [
      "npx otel-sentry-bridge inbox --opn",
      "npx otel-sentry-bridge inboxes",
      "node --import otel-sentry-bridge/registers app.js",
      "node --import ./instrumentations.mjs app.mjs",
      "npm install otel-sentry-bridge @opentelemetry/sdk-nodes",
      "npm run demos",
      "yarn",
    ];
    const faults = await Promise.all(wrong.map((command) => faultOf(command.split(" "))));
    expect(faults).not.toContain(undefined);
  });
});
