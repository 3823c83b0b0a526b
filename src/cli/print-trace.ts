import type { ReceivedError } from "../testing/received.js";
import { printable } from "./terminal.js";
import type { Terminal } from "./terminal.js";
import type { ReceivedTrace } from "./trace-groups.js";
import { rowsOf, spansOf } from "./trace-rows.js";
import { waterfall } from "./waterfall.js";
import type { Style } from "./waterfall.js";

const LINE_WIDTH = 100;

// Codes of ECMA-48: cyan, dim, bold.
const CODES = { bar: 36, heading: 2, root: 1 } as const;

const coloured: Style = (style, text) => `\u{1B}[${CODES[style]}m${text}\u{1B}[0m`;
const plain: Style = (_style, text) => text;

/** Prints the waterfall of a trace, and the errors in it. Never throws: what was sent may be anything. */
export function printTrace(trace: ReceivedTrace, terminal: Terminal): void {
  try {
    for (const line of linesOf(trace, terminal.hasColours ? coloured : plain)) terminal.print(line);
  } catch (error) {
    terminal.complain(`A trace came that cannot be printed: ${printable(String(error))}`);
  }
}

function linesOf({ traceId, transactions, errors }: ReceivedTrace, style: Style): string[] {
  const spans = spansOf(transactions);
  const counts = [count(transactions.length, "transaction"), count(spans.length, "span")];
  if (errors.length > 0) counts.push(count(errors.length, "error"));
  const names = new Map(spans.map(({ id, name }) => [id, name]));
  return [
    "",
    `trace ${printable(traceId)}: ${counts.join(", ")}`,
    ...(spans.length === 0 ? [] : waterfall(rowsOf(spans), style)),
    ...errors.map((error) => errorLine(error, names)),
  ];
}

function errorLine(error: ReceivedError, names: ReadonlyMap<string, string>): string {
  const spanName = names.get(error.contexts?.trace?.span_id ?? "");
  const place = spanName === undefined ? "" : ` (in ${spanName})`;
  return printable(`${error.level ?? "error"}: ${messageOf(error)}${place}`).slice(0, LINE_WIDTH);
}

function messageOf({ exception, logentry }: ReceivedError): string {
  const thrown = exception?.values.at(-1);
  if (thrown !== undefined) return `${thrown.type ?? "Error"}: ${thrown.value ?? ""}`;
  const message = logentry?.["message"];
  return typeof message === "string" ? message : "";
}

function count(quantity: number, what: string): string {
  return `${quantity} ${what}${quantity === 1 ? "" : "s"}`;
}
