import { parseArgs } from "node:util";

import { isOptionsError } from "../protocol/errors.js";
import { SDK_VERSION } from "../version.js";
import { EXIT_FAILED, EXIT_OK, EXIT_USAGE, UsageError } from "./exit-code.js";
import { runInbox } from "./inbox.js";
import { runSendTest } from "./send-test.js";
import type { Terminal } from "./terminal.js";

const HELP = `Usage: otel-sentry-bridge <command> [options]

Commands:
  inbox      Takes events as Sentry does, and prints each trace as a waterfall, until Ctrl-C
               --port <number>   Port on the loopback interface (default: 8969)
  send-test  Sends an error event and a transaction, and says whether they were taken
               --dsn <dsn>       Where to (default: the environment's SENTRY_DSN)

Options:
  -h, --help     Prints this text
  -v, --version  Prints the version

Exit codes: 0 success, 1 failure, 2 wrong usage`;

interface Command {
  /** The one option that it has. */
  readonly option: string;
  readonly run: (value: string | undefined, terminal: Terminal) => Promise<number>;
}

const COMMANDS: Readonly<Record<string, Command>> = {
  inbox: { option: "port", run: runInbox },
  "send-test": { option: "dsn", run: runSendTest },
};

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
  const options = { [command.option]: { type: "string" }, help: GENERAL_OPTIONS.help } as const;
  const values: Readonly<Record<string, unknown>> = parseArgs({ args, options }).values;
  if (values["help"] === true) return answer(["--help"], terminal);
  const value = values[command.option];
  return command.run(typeof value === "string" ? value : undefined, terminal);
}

// `parseArgs` throws errors with such codes.
function isUsageError(error: unknown): boolean {
  if (error instanceof UsageError || isOptionsError(error)) return true;
  return (
    error instanceof Error && "code" in error && String(error.code).startsWith("ERR_PARSE_ARGS_")
  );
}
