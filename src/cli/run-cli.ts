import { parseArgs } from "node:util";

import { sendTestItems } from "../doctor/test-send.js";
import { optionsFromEnvironment } from "../options/option-table.js";
import { isOptionsError } from "../protocol/errors.js";
import { printable } from "../support/terminal-text.js";
import { nearestName } from "../options/unknown-option.js";
import { SDK_VERSION } from "../version.js";
import { EXIT_FAILED, EXIT_OK, EXIT_USAGE, UsageError } from "./terminal.js";
import { runDemo } from "./demo.js";
import { runDoctor } from "./run-doctor.js";
import { DEFAULT_INBOX_PORT, runInbox } from "./run-inbox.js";
import type { Terminal } from "./terminal.js";

const DSN_HELP = "--dsn <dsn>       Destination (default: the variable SENTRY_DSN)";

const COMMAND_HELP = {
  inbox: [
    "Receives events like Sentry, and shows them until Ctrl-C",
    `--port <number>   Port on the loopback interface (default: ${DEFAULT_INBOX_PORT})`,
    "--open            Opens the page in the browser",
  ],
  demo: [
    "Runs a small shop that sends its traces and errors to an inbox",
    `--port <number>   Port of the inbox (default: ${DEFAULT_INBOX_PORT})`,
    "--open            Opens the inbox's page in the browser",
    "--once            Ends when everything has arrived",
  ],
  doctor: [
    "Sends a test transaction and finds faults, or those of `-- <command>`",
    DSN_HELP,
    "--json            Prints the report as JSON",
    "--deep            With a command: also the rules that cost more time",
  ],
  "send-test": ["Sends an error and a transaction, and says if they were accepted", DSN_HELP],
} as const;

type CommandName = keyof typeof COMMAND_HELP;

const EXIT_CODES = "Exit codes: 0 success, 1 failure, 2 wrong usage, 3 only warnings (doctor)";

const HELP = `Usage: otel-sentry-bridge <command> [options]

Commands:
${Object.entries(COMMAND_HELP)
  .map(([name, [text, ...options]]) =>
    [`  ${name.padEnd(9)}  ${text}`, ...options.map((option) => `               ${option}`)].join(
      "\n",
    ),
  )
  .join("\n")}

Options:
  -h, --help     Prints this help, or the help of the command
  -v, --version  Prints the version

${EXIT_CODES}`;

function helpOf(name: CommandName): string {
  const [text, ...options] = COMMAND_HELP[name];
  const lines = [...options, "-h, --help        Prints this help"].map((option) => `  ${option}`);
  return `Usage: otel-sentry-bridge ${name} [options]\n\n${text}.\n\nOptions:\n${lines.join("\n")}\n\n${EXIT_CODES}`;
}

type Values = Readonly<Record<string, string | boolean | undefined>>;

interface Command {
  readonly options: Readonly<Record<string, { readonly type: "string" | "boolean" }>>;
  /** True if a command of the user's follows after `--`, which `run` gets. */
  readonly takesCommand?: boolean;
  readonly run: (values: Values, terminal: Terminal, command: readonly string[]) => Promise<number>;
}

const COMMANDS: Readonly<Record<CommandName, Command>> = {
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
  doctor: {
    options: { dsn: { type: "string" }, json: { type: "boolean" }, deep: { type: "boolean" } },
    takesCommand: true,
    run: (values, terminal, command) =>
      runDoctor(
        {
          dsn: textIn(values, "dsn"),
          json: values["json"] === true,
          deep: values["deep"] === true,
          command,
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

/** Runs a command line and resolves to the exit code. Never rejects. */
export async function runCli(args: readonly string[], terminal: Terminal): Promise<number> {
  try {
    const [first, ...rest] = args;
    return first === undefined || first.startsWith("-")
      ? answer(args, terminal)
      : await runCommand(first, { args: rest, terminal });
  } catch (error) {
    terminal.complain(error instanceof Error ? error.message : String(error));
    if (!isUsageError(error)) return EXIT_FAILED;
    const command = isCommand(args[0]) ? `${args[0]} ` : "";
    terminal.complain(`See \`otel-sentry-bridge ${command}--help\`.`);
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
    throw new UsageError("No command was given.");
  terminal.print(values.help === true ? HELP : SDK_VERSION);
  return EXIT_OK;
}

async function runCommand(
  name: string,
  { args, terminal }: { args: string[]; terminal: Terminal },
): Promise<number> {
  if (!isCommand(name))
    throw new UsageError(
      `There is no command \`${name}\`.${suggestion(name, Object.keys(COMMANDS))}`,
    );
  const command = COMMANDS[name];
  const options = { ...command.options, help: GENERAL_OPTIONS.help };
  const end = command.takesCommand === true ? args.indexOf("--") : -1;
  const own = end === -1 ? args : args.slice(0, end);
  if (command.takesCommand === true) checkCommand(name, args, own);
  checkNames(own, Object.keys(options));
  const values: Values = { ...parseArgs({ args: own, options }).values };
  if (values["help"] !== true)
    return command.run(values, terminal, end === -1 ? [] : args.slice(end + 1));
  terminal.print(helpOf(name));
  return EXIT_OK;
}

// `doctor node app.js` is the command of many other tools.
function checkCommand(name: string, args: readonly string[], own: readonly string[]): void {
  const first = own.findIndex((arg, index) => !arg.startsWith("-") && own[index - 1] !== "--dsn");
  if (first === -1) return;
  const [options, program] = [
    args.slice(0, first),
    args.slice(first).filter((arg) => arg !== "--"),
  ];
  throw new UsageError(
    `A command to run follows after \`--\`: otel-sentry-bridge ${[name, ...options, "--", ...program].join(" ")}`,
  );
}

function isCommand(name: string | undefined): name is CommandName {
  return name !== undefined && Object.hasOwn(COMMANDS, name);
}

// Checked before `parseArgs`, whose errors do not suggest the nearest option.
function checkNames(args: readonly string[], known: readonly string[]): void {
  for (const arg of args) {
    const name = /^--([^=]+)/.exec(arg)?.[1];
    if (name !== undefined && !known.includes(name))
      throw new UsageError(`Unknown option '--${name}'.${suggestion(name, known, "--")}`);
  }
}

function suggestion(name: string, known: readonly string[], prefix = ""): string {
  const nearest = nearestName(name, known);
  return nearest === undefined ? "" : ` Did you mean \`${prefix}${nearest}\`?`;
}

// Errors of `parseArgs` have such codes.
function isUsageError(error: unknown): boolean {
  if (error instanceof UsageError || isOptionsError(error)) return true;
  return (
    error instanceof Error && "code" in error && String(error.code).startsWith("ERR_PARSE_ARGS_")
  );
}

/** Sends an error event and a transaction of one trace, and prints the outcome of each. Resolves to the exit code. */
async function runSendTest(dsn: string | undefined, terminal: Terminal): Promise<number> {
  const target = dsn ?? (optionsFromEnvironment().dsn || undefined);
  if (target === undefined)
    throw new UsageError("No DSN was given. Pass --dsn <dsn>, or set SENTRY_DSN.");
  const sent = await sendTestItems({
    dsn: target,
    isWithError: true,
    name: "otel-sentry-bridge send-test",
  });
  const { error, transaction } = sent;
  terminal.print(`error event  ${sent.errorId}  ${error}`);
  terminal.print(`transaction  ${sent.transactionId}  ${transaction}`);
  terminal.print(`trace        ${sent.traceId}`);
  const delivered = [error, transaction].filter((outcome) => outcome === "delivered").length;
  if (delivered === 2) return EXIT_OK;
  const what = delivered === 0 ? "Nothing" : "Not everything";
  terminal.complain(`${what} was delivered to ${new URL(target).host}: ${printable(sent.cause)}.`);
  return EXIT_FAILED;
}
