import type { SpanRow } from "../inbox/span-tree.js";
import type { ShownSpan } from "../inbox/views.js";
import { fit, lineOf, printable, styled } from "./terminal.js";
import type { LineSettings, Piece } from "./terminal.js";
import { textWidth } from "./text-width.js";

const TIME_WIDTH = 8;
const OP_WIDTH = 13;
/** Below this width there is no column for the operation. */
const MIN_WIDTH_WITH_OP = 80;
// Shares of what the other columns leave.
const NAME_SHARE = 0.6;
const MAX_NAME_WIDTH = 90;

/** Draws spans as bars on one axis of time, so that what ran at the same time stands one below the other. */
export function waterfall(rows: readonly SpanRow[], settings: LineSettings): string[] {
  const layout = layoutOf(rows, settings.columns);
  const axis = axisOf(rows);
  const heading = headingOf(layout);
  return [heading, ...rows.map((row) => piecesOf(row, axis, layout))].map((pieces) =>
    lineOf(pieces, settings),
  );
}

interface Layout {
  readonly name: number;
  /** 0 without a column for it. */
  readonly op: number;
  readonly bar: number;
}

function layoutOf(rows: readonly SpanRow[], columns: number): Layout {
  const hasOps = rows.some(({ spans: [span] }) => span.op !== "");
  const op = hasOps && columns >= MIN_WIDTH_WITH_OP ? OP_WIDTH : 0;
  const gaps = op === 0 ? 2 : 3;
  const rest = columns - TIME_WIDTH - op - gaps;
  // Names that are all short leave their columns to the bars.
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
  // A trace of no length still has an axis.
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

// The number must not be cut off with the end of a long name: it follows the name, or what is left of it.
function labelOf(row: SpanRow, width: number): string {
  const times = timesOf(row);
  const room = width - textWidth(times);
  const name = printable(nameOf(row));
  return fit((textWidth(name) > room ? fit(name, room) : name) + times, width);
}

// A value that is wider than its column would push the line over the edge.
function timeText(millis: number): string {
  const text = millis.toFixed(1);
  return text.length > TIME_WIDTH ? millis.toExponential(1) : text;
}

// Each span is at least one column wide, also at the end of the axis.
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
