import { parseArgs } from "node:util";

import { isOptionsError } from "../protocol/errors.js";
import { SDK_VERSION } from "../version.js";
import { EXIT_FAILED, EXIT_OK, EXIT_USAGE, UsageError } from "./exit-code.js";
import { runDemo } from "./demo.js";
import { DEFAULT_INBOX_PORT, runInbox } from "./run-inbox.js";
import { runSendTest } from "./send-test.js";
import type { Terminal } from "./terminal.js";

const HELP = `Usage: otel-sentry-bridge <command> [options]

Commands:
  inbox      Receives events as Sentry does, and shows them in the terminal and on a local page, until Ctrl-C
               --port <number>   Port on the loopback interface (default: ${DEFAULT_INBOX_PORT})
               --open            Opens the page in the browser
  demo       Runs a small shop that sends its traces, errors and logs to an inbox, which stays open until Ctrl-C
               --port, --open    As for \`inbox\`
               --once            Ends when everything has arrived
  send-test  Sends an error event and a transaction, and says whether they were taken
               --dsn <dsn>       Where to (default: the environment's SENTRY_DSN)

Options:
  -h, --help     Prints this text
  -v, --version  Prints the version

Exit codes: 0 success, 1 failure, 2 wrong usage`;

type Values = Readonly<Record<string, string | boolean | undefined>>;

interface Command {
  readonly options: Readonly<Record<string, { readonly type: "string" | "boolean" }>>;
  readonly run: (values: Values, terminal: Terminal) => Promise<number>;
}

const COMMANDS: Readonly<Record<string, Command>> = {
  inbox: {
    options: { port: { type: "string" }, open: { type: "boolean" } },
    run: (values, terminal) =>
      runInbox({ port: textIn(values, "port"), open: values["open"] === true }, terminal),
  },
  demo: {
    options: { port: { type: "string" }, open: { type: "boolean" }, once: { type: "boolean" } },
    run: (values, terminal) =>
      runDemo(
        {
          port: textIn(values, "port"),
          open: values["open"] === true,
          once: values["once"] === true,
        },
        terminal,
      ),
  },
  "send-test": {
    options: { dsn: { type: "string" } },
    run: (values, terminal) => runSendTest(textIn(values, "dsn"), terminal),
  },
};

function textIn(values: Values, name: string): string | undefined {
  const value = values[name];
  return typeof value === "string" ? value : undefined;
}

/** Runs one command line; resolves to the exit code. Never rejects. */
export async function runCli(args: readonly string[], terminal: Terminal): Promise<number> {
  try {
    const [first, ...rest] = args;
    return first === undefined || first.startsWith("-")
      ? answer(args, terminal)
      : await runCommand(first, { args: rest, terminal });
  } catch (error) {
    terminal.complain(error instanceof Error ? error.message : String(error));
    if (!isUsageError(error)) return EXIT_FAILED;
    terminal.complain("See `otel-sentry-bridge --help`.");
    return EXIT_USAGE;
  }
}

const GENERAL_OPTIONS = {
  help: { type: "boolean", short: "h" },
  version: { type: "boolean", short: "v" },
} as const;

function answer(args: readonly string[], terminal: Terminal): number {
  const { values } = parseArgs({ args: [...args], options: GENERAL_OPTIONS });
  if (values.help !== true && values.version !== true)
    throw new UsageError("A command is missing.");
  terminal.print(values.help === true ? HELP : SDK_VERSION);
  return EXIT_OK;
}

async function runCommand(
  name: string,
  { args, terminal }: { args: string[]; terminal: Terminal },
): Promise<number> {
  const command = Object.hasOwn(COMMANDS, name) ? COMMANDS[name] : undefined;
  if (command === undefined) throw new UsageError(`There is no command \`${name}\`.`);
  const options = { ...command.options, help: GENERAL_OPTIONS.help };
  const values: Values = { ...parseArgs({ args, options }).values };
  return values["help"] === true ? answer(["--help"], terminal) : command.run(values, terminal);
}

// `parseArgs` throws errors with such codes.
function isUsageError(error: unknown): boolean {
  if (error instanceof UsageError || isOptionsError(error)) return true;
  return (
    error instanceof Error && "code" in error && String(error.code).startsWith("ERR_PARSE_ARGS_")
  );
}
