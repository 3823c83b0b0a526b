import type { Arrival, CheckInView, FindingView, LogView, MetricView } from "../inbox/views.js";
import { joinPieces, styled } from "./terminal.js";
import type { LineSettings, Piece, Style } from "./terminal.js";

/** Maximum number of lines printed for each kind of item in an envelope. */
const MAX_LINES = 50;

const LABEL_WIDTH = 9;

// Sentry's data categories that are nouns; an `s` makes their plural.
const COUNTABLE: ReadonlySet<string> = new Set([
  "attachment",
  "error",
  "log_byte",
  "log_item",
  "monitor",
  "profile",
  "replay",
  "session",
  "span",
  "trace_metric",
  "transaction",
]);

/** Returns the lines of items that are not part of a waterfall: logs, metrics, check-ins, drops, and other items. */
export function itemLines(arrivals: readonly Arrival[], settings: LineSettings): string[] {
  const all: Piece[][] = [
    ...capped(arrivals.flatMap((item) => (item.kind === "log" ? [logLine(item.log)] : []))),
    ...capped(
      metricLines(arrivals.flatMap((item) => (item.kind === "metric" ? [item.metric] : []))),
    ),
    ...capped(
      arrivals.flatMap((item) => (item.kind === "checkIn" ? [checkInLine(item.checkIn)] : [])),
    ),
    ...capped(arrivals.flatMap((item) => dropLine(item))),
    ...capped(
      arrivals.flatMap((item) => (item.kind === "finding" ? [findingLine(item.finding)] : [])),
    ),
    ...capped(arrivals.flatMap((item) => otherLine(item))),
  ];
  return all.map((pieces) => joinPieces(pieces, settings));
}

function logLine({ level, body, attributes, traceId }: LogView): Piece[] {
  const texts = attributes.map(([key, value]) => `${key}=${value}`).join(" ");
  return [
    label("log"),
    ...(traceId === "" ? [] : [styled("dim", `${traceId.slice(0, 8)}  `)]),
    styled(styleOfLevel(level), level),
    `  ${body}`,
    ...(texts === "" ? [] : [styled("dim", `  ${texts}`)]),
  ];
}

function findingLine({ traceId, severity, rule, summary }: FindingView): Piece[] {
  const style = severity === "error" ? "bad" : "warn";
  return [
    label("doctor"),
    styled("dim", `${traceId.slice(0, 8)}  `),
    styled(style, rule),
    `  ${summary}`,
  ];
}

function checkInLine({ monitor, status, duration, schedule, environment }: CheckInView): Piece[] {
  const style = status === "error" ? "bad" : status === "ok" ? "good" : "warn";
  const facts = [duration, schedule, environment].filter((fact) => fact !== "").join("  ");
  return [label("check-in"), monitor, "  ", styled(style, status), styled("dim", `  ${facts}`)];
}

function metricLines(metrics: readonly MetricView[]): Piece[][] {
  const byName = new Map<string, MetricView[]>();
  for (const metric of metrics) {
    const key = JSON.stringify([metric.name, metric.type, metric.unit]);
    byName.set(key, [...(byName.get(key) ?? []), metric]);
  }
  return Array.from(byName.values(), (group): Piece[] => {
    const { name = "", type = "", unit = "" } = group[0] ?? {};
    const sum = group.reduce((total, { value }) => total + value, 0);
    // The sum of a gauge is meaningless, so its last value is shown.
    const [word, value] = type === "gauge" ? ["last", group.at(-1)?.value ?? 0] : ["sum", sum];
    const texts = [`${group.length}×`, `${word} ${Number(value.toPrecision(6))}`, unit];
    const facts = texts.filter((text) => text !== "").join("  ");
    return [label("metric"), name, styled("dim", `  ${type}`), `  ${facts}`];
  });
}

function dropLine(item: Arrival): Piece[][] {
  if (item.kind !== "drop") return [];
  const { quantity, category, reason } = item.drop;
  const text = `${quantity} ${category}${quantity !== 1 && COUNTABLE.has(category) ? "s" : ""}`;
  return [
    [
      label("dropped"),
      styled("warn", text),
      `  ${reason}`,
      styled("dim", "  not sent by the application"),
    ],
  ];
}

function otherLine(item: Arrival): Piece[][] {
  if (item.kind === "repeat") return [repeatLine(item.type, item)];
  if (item.kind === "other") return [[label("item"), item.type]];
  if (item.kind !== "unreadable") return [];
  // The reason has a line of its own, so that a narrow terminal cuts less of it.
  return [
    [label("item"), styled("bad", `a \`${item.type}\` item could not be read:`)],
    [label(""), item.fault],
  ];
}

function repeatLine(type: string, { eventId, times }: { eventId: string; times: number }): Piece[] {
  const text = `${type} ${eventId.slice(0, 8)} was received ${times} times`;
  return [label("repeat"), text, styled("dim", "  shown once")];
}

function capped(lines: Piece[][]): Piece[][] {
  if (lines.length <= MAX_LINES) return lines;
  const more = styled("dim", `… ${lines.length - MAX_LINES} more; the page shows them`);
  return [...lines.slice(0, MAX_LINES), [label(""), more]];
}

function label(text: string): Piece {
  return styled("dim", text.padEnd(LABEL_WIDTH));
}

function styleOfLevel(level: string): Style {
  if (level === "error" || level === "fatal") return "bad";
  return level === "warn" ? "warn" : "dim";
}
