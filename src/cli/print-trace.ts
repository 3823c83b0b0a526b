import { rowsOf } from "../inbox/span-tree.js";
import { extentOf, rootOf, servicesOf } from "../inbox/trace-record.js";
import type { TraceRecord } from "../inbox/trace-record.js";
import type { ErrorView, Pair, ScopeView } from "../inbox/views.js";
import { printable, textWidth } from "../support/terminal-text.js";
import { cutStart, joinPieces, styled } from "./terminal.js";
import type { Piece, Terminal } from "./terminal.js";
import { waterfall } from "./waterfall.js";

/** Limits of the line width. Between them, lines are as wide as the terminal. */
const MIN_COLUMNS = 60;
const MAX_COLUMNS = 200;

const MAX_ERRORS = 20;

/** Returns the width of lines in a terminal, from 60 to 200 columns, and tells whether they have colours. */
export function lineSettingsOf({ columns, hasColours }: Terminal): {
  columns: number;
  hasColours: boolean;
} {
  return { columns: Math.min(Math.max(columns, MIN_COLUMNS), MAX_COLUMNS), hasColours };
}

/** Prints the waterfall and the errors of a trace. Never throws. */
export function printTrace(trace: TraceRecord, terminal: Terminal): void {
  try {
    for (const line of linesOf(trace, terminal)) terminal.print(line);
  } catch (error) {
    terminal.complain(`A trace could not be printed: ${printable(String(error))}`);
  }
}

function linesOf(trace: TraceRecord, terminal: Terminal): string[] {
  const settings = lineSettingsOf(terminal);
  const { spans, errors } = trace;
  const names = new Map(spans.map(({ id, name }) => [id, name]));
  const scope = trace.transactions[0]?.scope ?? errors[0]?.scope;
  const pieces = [
    [],
    ...headingOf(trace, settings.columns),
    ...(spans.length === 0 ? [] : [titleOf(trace)]),
    ...(scope === undefined ? [] : scopeLines(scope, settings.columns)),
  ];
  const below = [
    ...errors
      .slice(0, MAX_ERRORS)
      .flatMap((error) => errorLines(error, { names, columns: settings.columns })),
    ...moreErrors(errors.length),
  ];
  return [
    ...pieces.map((line) => joinPieces(line, settings)),
    ...(spans.length === 0 ? [] : waterfall(rowsOf(spans, { fold: true }), settings)),
    ...below.map((line) => joinPieces(line, settings)),
  ];
}

/** Below this width, headings are split into several lines. */
const NARROW_COLUMNS = 80;

function headingOf(trace: TraceRecord, columns: number): Piece[][] {
  const counts = countsOf(trace).join(", ");
  const id = [styled("dim", "trace "), trace.id];
  return columns < NARROW_COLUMNS ? [id, [counts]] : [[...id, `: ${counts}`]];
}

function countsOf({ transactions, spans, errors }: TraceRecord): string[] {
  const counts: [number, string][] = [
    [transactions.length, "transaction"],
    [spans.length, "span"],
    [errors.length, "error"],
  ];
  return counts
    .filter(([quantity]) => quantity > 0)
    .map(([quantity, noun]) => `${quantity} ${noun}${quantity === 1 ? "" : "s"}`);
}

// Returns the services, the status of the root, the duration and the time.
function titleOf(trace: TraceRecord): Piece[] {
  const root = rootOf(trace);
  const { start, millis } = extentOf(trace);
  const status = root?.status || "no status";
  const fine = root?.status === "ok" && trace.errors.length === 0 ? "good" : "warn";
  const time = new Date(start);
  return [
    styled("service", servicesOf(trace).join(" → ")),
    "  ",
    styled(root?.isFailed === true ? "bad" : fine, status),
    `  ${millis.toFixed(1)} ms`,
    ...(Number.isNaN(time.getTime())
      ? []
      : [styled("dim", `  ${time.toISOString().slice(11, 19)} UTC`)]),
  ];
}

function scopeLines({ user, tags }: ScopeView, columns: number): Piece[][] {
  const groups: [string, readonly Pair[]][] = [
    ["user", user],
    ["tags", tags],
  ];
  const lines = groups
    .filter(([, pairs]) => pairs.length > 0)
    .map(([title, pairs]): Piece[] => [
      styled("dim", `${title} `),
      pairs.map(([key, value]) => `${key}=${value}`).join(" "),
    ]);
  const [first = [], second = []] = lines;
  return columns < NARROW_COLUMNS || lines.length < 2 ? lines : [[...first, "  ", ...second]];
}

interface ErrorContext {
  /** Span names by id. */
  readonly names: ReadonlyMap<string, string>;
  readonly columns: number;
}

function errorLines(error: ErrorView, { names, columns }: ErrorContext): Piece[][] {
  const { level, title, service, exceptions } = error;
  const isBad = level === "error" || level === "fatal";
  const spanName = names.get(error.spanId) ?? error.transaction;
  const origin = [...(spanName === "" ? [] : [`in ${spanName}`]), service].join(" · ");
  const causes = exceptions.slice(1).map(({ type, value }) => `${type}: ${value}`);
  return [
    [styled(isBad ? "bad" : "warn", `${level}: `), styled("bold", title)],
    ...causes.map((cause): Piece[] => [styled("dim", "  caused by "), cause]),
    ...originLines(error.location, { origin, columns }),
    ...sourceLines(error),
  ];
}

// A path that is too long is cut at its beginning, because the file name is at its end.
function originLines(
  location: string,
  { origin, columns }: { origin: string; columns: number },
): Piece[][] {
  if (location === "") return [["  ", origin]];
  const label = "  at ";
  const room = columns - label.length;
  const line = `${location} · ${origin}`;
  if (textWidth(printable(line)) <= room) return [[styled("dim", label), line]];
  return [
    [styled("dim", label), cutStart(location, room)],
    ["  ", origin],
  ];
}

// The source line that threw, if the SDK has sent it.
function sourceLines({ exceptions }: ErrorView): Piece[][] {
  const frames = exceptions[0]?.frames ?? [];
  const frame = frames.find(({ isOwn }) => isOwn) ?? frames[0];
  const source = frame?.source.find(([line]) => line === frame.line);
  if (source === undefined) return [];
  const [line, text] = source;
  return [[styled("dim", `  ${line} │ `), text.trim()]];
}

function moreErrors(quantity: number): Piece[][] {
  return quantity > MAX_ERRORS ? [[styled("dim", `… ${quantity - MAX_ERRORS} more errors`)]] : [];
}
