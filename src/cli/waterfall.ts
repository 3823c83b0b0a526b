import type { SpanRow } from "../inbox/span-tree.js";
import type { ShownSpan } from "../inbox/views.js";
import { printable, textWidth } from "../support/terminal-text.js";
import { fit, joinPieces, styled } from "./terminal.js";
import type { LineSettings, Piece } from "./terminal.js";

const TIME_WIDTH = 8;
const OP_WIDTH = 13;
/** Below this width the operation is not shown. */
const MIN_WIDTH_WITH_OP = 80;
// Share of the remaining width.
const NAME_SHARE = 0.6;
const MAX_NAME_WIDTH = 90;

/** Draws spans as bars on one time axis, so that concurrent spans line up. Returns the lines. */
export function waterfall(rows: readonly SpanRow[], settings: LineSettings): string[] {
  const layout = layoutOf(rows, settings.columns);
  const axis = axisOf(rows);
  const heading = headingOf(layout);
  return [heading, ...rows.map((row) => piecesOf(row, axis, layout))].map((pieces) =>
    joinPieces(pieces, settings),
  );
}

interface Layout {
  readonly name: number;
  /** 0 if the operation is not shown. */
  readonly op: number;
  readonly bar: number;
}

function layoutOf(rows: readonly SpanRow[], columns: number): Layout {
  const hasOps = rows.some(({ spans: [span] }) => span.op !== "");
  const op = hasOps && columns >= MIN_WIDTH_WITH_OP ? OP_WIDTH : 0;
  const gaps = op === 0 ? 2 : 3;
  const rest = columns - TIME_WIDTH - op - gaps;
  // If all names are short, the bars get the rest of the width.
  const longest = rows.reduce(
    (width, row) => Math.max(width, textWidth(printable(nameOf(row)) + timesOf(row))),
    0,
  );
  const name = Math.min(Math.round(rest * NAME_SHARE), MAX_NAME_WIDTH, Math.max(longest, 20));
  return { name, op, bar: rest - name };
}

function headingOf({ name, op, bar }: Layout): Piece[] {
  const columns = [fit("span", name), ...(op === 0 ? [] : [fit("op", op)]), fit("time", bar)];
  return [styled("dim", `${columns.join(" ")} ${"ms".padStart(TIME_WIDTH)}`)];
}

interface Axis {
  readonly start: number;
  readonly length: number;
}

function axisOf(rows: readonly SpanRow[]): Axis {
  let [start, end] = [Infinity, -Infinity];
  for (const { spans } of rows) {
    for (const span of spans) {
      start = Math.min(start, span.start);
      end = Math.max(end, span.start + span.millis);
    }
  }
  // Avoids a division by zero for a trace of no duration.
  return { start, length: Math.max(end - start, 1e-6) };
}

function piecesOf(row: SpanRow, axis: Axis, { name, op, bar }: Layout): Piece[] {
  const [span] = row.spans;
  const label = labelOf(row, name);
  const millis = row.spans.reduce((sum, { millis: own }) => sum + own, 0);
  return [
    span.isFailed ? styled("bad", label) : span.isRoot ? styled("bold", label) : label,
    " ",
    ...(op === 0 ? [] : [styled("dim", fit(span.op, op)), " "]),
    ...barsOf(row.spans, { axis, width: bar }),
    ` ${timeText(millis).padStart(TIME_WIDTH)}`,
  ];
}

function nameOf({ spans: [span], branch }: SpanRow): string {
  const service = span.isRoot ? `${span.service}: ` : "";
  return `${branch}${span.isFailed ? "✗ " : ""}${service}${span.name}`;
}

function timesOf({ spans }: SpanRow): string {
  return spans.length > 1 ? ` ×${spans.length}` : "";
}

// Cuts the name but not the count after it.
function labelOf(row: SpanRow, width: number): string {
  const times = timesOf(row);
  const room = width - textWidth(times);
  const name = printable(nameOf(row));
  return fit((textWidth(name) > room ? fit(name, room) : name) + times, width);
}

// Values that are wider than the column are shown with an exponent.
function timeText(millis: number): string {
  const text = millis.toFixed(1);
  return text.length > TIME_WIDTH ? millis.toExponential(1) : text;
}

// Each span gets at least one column, even at the end of the axis.
function barsOf(
  spans: readonly ShownSpan[],
  { axis, width }: { axis: Axis; width: number },
): Piece[] {
  const columns = Array.from({ length: width }, () => "·");
  const columnOf = (time: number): number =>
    Math.round(((time - axis.start) / axis.length) * width);
  for (const span of spans) {
    const from = Math.min(columnOf(span.start), width - 1);
    const to = Math.min(Math.max(columnOf(span.start + span.millis), from + 1), width);
    columns.fill("━", from, to);
  }
  const style = spans[0]?.isFailed === true ? "failedBar" : "bar";
  return columns
    .join("")
    .split(/(?<=·)(?=━)|(?<=━)(?=·)/)
    .map((run) => styled(run.startsWith("·") ? "dim" : style, run));
}
