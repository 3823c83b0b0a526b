import { printable } from "./terminal.js";
import type { TraceRow, TraceSpan } from "./trace-rows.js";

// Together, with a space between, 99 columns.
const NAME_WIDTH = 48;
const OP_WIDTH = 14;
const BAR_WIDTH = 26;
const MILLIS_WIDTH = 8;

/** Styles a piece of a line. */
export type Style = (style: "bar" | "heading" | "root", text: string) => string;

/**
 * Draws spans as bars on one axis of time, so that what ran at the same time stands one below the
 * other. Lines are at most 100 columns wide.
 */
export function waterfall(rows: readonly TraceRow[], style: Style): string[] {
  const axis = axisOf(rows);
  const heading = [
    "span".padEnd(NAME_WIDTH),
    "op".padEnd(OP_WIDTH),
    "time".padEnd(BAR_WIDTH),
    "ms".padStart(MILLIS_WIDTH),
  ];
  return [style("heading", heading.join(" ")), ...rows.map((row) => lineOf(row, axis, style))];
}

interface Axis {
  readonly start: number;
  readonly length: number;
}

function axisOf(rows: readonly TraceRow[]): Axis {
  let [start, end] = [Infinity, -Infinity];
  for (const { span } of rows) {
    start = Math.min(start, span.start);
    end = Math.max(end, span.end);
  }
  // A trace of no length still has an axis.
  return { start, length: Math.max(end - start, 1e-9) };
}

function lineOf({ span, branch }: TraceRow, axis: Axis, style: Style): string {
  const name = fit(branch + printable(span.name), NAME_WIDTH);
  const millis = ((span.end - span.start) * 1000).toFixed(1).padStart(MILLIS_WIDTH);
  return `${span.isRoot ? style("root", name) : name} ${fit(printable(span.op), OP_WIDTH)} ${style("bar", barOf(span, axis))} ${millis}`;
}

// At least one column wide, also at the end of the axis.
function barOf(span: TraceSpan, axis: Axis): string {
  const columnOf = (time: number): number =>
    Math.round(((time - axis.start) / axis.length) * BAR_WIDTH);
  const from = Math.min(columnOf(span.start), BAR_WIDTH - 1);
  const to = Math.min(Math.max(columnOf(span.end), from + 1), BAR_WIDTH);
  return `${"·".repeat(from)}${"━".repeat(to - from)}`.padEnd(BAR_WIDTH, "·");
}

function fit(text: string, width: number): string {
  const characters = Array.from(text);
  return characters.length > width
    ? `${characters.slice(0, width - 1).join("")}…`
    : text + " ".repeat(width - characters.length);
}
