import { sendTestItems } from "../doctor/test-send.js";
import { optionsFromEnvironment } from "../options/option-table.js";
import { printable } from "../support/terminal-text.js";
import { EXIT_FAILED, EXIT_OK, UsageError } from "./terminal.js";
import type { Terminal } from "./terminal.js";

const NAME = "otel-sentry-bridge send-test";

/** Sends an error event and a transaction of one trace, and prints the outcome of each. Resolves to the exit code. */
export async function runSendTest(dsn: string | undefined, terminal: Terminal): Promise<number> {
  const target = dsn ?? (optionsFromEnvironment().dsn || undefined);
  if (target === undefined)
    throw new UsageError("No DSN was given. Pass --dsn <dsn>, or set SENTRY_DSN.");
  const sent = await sendTestItems({ dsn: target, isWithError: true, name: NAME });
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
