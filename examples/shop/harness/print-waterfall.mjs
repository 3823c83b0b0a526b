import { styleText } from "./style.mjs";

const NAME_WIDTH = 48;
const OP_WIDTH = 14;
const BAR_WIDTH = 26;
const COLOURS = { gateway: "cyan", inventory: "magenta" };

/**
 * Prints a span and all below it, across services, as bars on one axis of time. 100 columns wide.
 *
 * @param {import("./received.mjs").Span} root
 * @param {import("./received.mjs").Received} received
 * @param {(line: string) => void} print
 */
export function printWaterfall(root, received, print) {
  const rows = rowsOf({ span: root, received, lead: "", stem: "" });
  const end = Math.max(...rows.map(({ span }) => span.end));
  const axis = { start: root.start, length: Math.max(end - root.start, 0.001) };
  const heading = ["span".padEnd(NAME_WIDTH), "op".padEnd(OP_WIDTH), "time".padEnd(BAR_WIDTH)];
  print(styleText("dim", `${heading.join(" ")} ${"ms".padStart(8)}`));
  for (const row of rows) print(lineOf(row, axis));
}

// `lead` is drawn before the span's own name, `stem` before those of its children.
function rowsOf({ span, received, lead, stem }) {
  const children = received.childrenOf(span.id).toSorted((a, b) => a.start - b.start);
  const below = children.flatMap((child, index) => {
    const isLast = index === children.length - 1;
    return rowsOf({
      span: child,
      received,
      lead: `${stem}${isLast ? "└ " : "├ "}`,
      stem: `${stem}${isLast ? "  " : "│ "}`,
    });
  });
  return [{ span, lead }, ...below];
}

function lineOf({ span, lead }, axis) {
  const colour = COLOURS[span.service] ?? "white";
  const name = fit(lead + (span.isRoot ? `${span.service}: ${span.name}` : span.name), NAME_WIDTH);
  const millis = ((span.end - span.start) * 1000).toFixed(1).padStart(8);
  const styled = span.isRoot ? styleText("bold", name) : name;
  return `${styled} ${fit(span.op ?? "", OP_WIDTH)} ${styleText(colour, barOf(span, axis))} ${millis}`;
}

function barOf(span, axis) {
  const column = (time) => Math.round(((time - axis.start) / axis.length) * BAR_WIDTH);
  const from = Math.min(Math.max(column(span.start), 0), BAR_WIDTH - 1);
  const to = Math.max(column(span.end), from + 1);
  return `${"·".repeat(from)}${"━".repeat(to - from)}`.padEnd(BAR_WIDTH, "·");
}

function fit(text, width) {
  return text.length > width ? `${text.slice(0, width - 1)}…` : text.padEnd(width);
}
