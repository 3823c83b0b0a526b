import { printable, textWidth, wrapText, wrapWords } from "../support/terminal-text.js";
import type { DoctorReport, Evidence, Finding } from "./finding.js";

/** Widest line, also on wider terminals: longer lines are hard to read. */
const MAX_COLUMNS = 80;
const MIN_COLUMNS = 40;

const LABEL_WIDTH = 9;
const JOINED = "\u00a0";

/** Returns a report as lines of at most 80 columns, except for words of code, which are not broken. What comes from the application cannot control the terminal. */
export function reportLines(report: DoctorReport, columns: number = MAX_COLUMNS): string[] {
  const width = Math.min(Math.max(columns, MIN_COLUMNS), MAX_COLUMNS);
  const { version, process, facts, findings } = report;
  const title = `otel-sentry-bridge doctor ${version}: ${process.command}, Node ${process.node}`;
  const names = Math.max(0, ...facts.map(({ name }) => name.length)) + 2;
  return [
    ...wrapText(printable(title), width),
    ...facts.flatMap(({ name, value }) => labelled(value, { label: name, indent: names, width })),
    "",
    ...findings.flatMap((each) => [...findingLines(each, width), ""]),
    ...wrapText(conclusion(findings), width),
  ];
}

function conclusion(findings: readonly Finding[]): string {
  if (findings.length === 0) return "No faults were found.";
  const counts = (["error", "warning", "info"] as const).flatMap((severity) => {
    const quantity = findings.filter((each) => each.severity === severity).length;
    if (quantity === 0) return [];
    return [severity === "info" ? `${quantity} info` : quantityOf(quantity, severity)];
  });
  return `${counts.join(", ")}.`;
}

function findingLines(found: Finding, width: number): string[] {
  const { severity, rule, name, summary, count, mechanism, library, fix, code } = found;
  const times = count > 1 ? ` (${count} times)` : "";
  const head = `${severity.toUpperCase()} ${rule} ${name}${times}`;
  const row = (label: string, text: string): string[] =>
    labelled(text, { label, indent: LABEL_WIDTH, width });
  return [
    ...wrapText(head, width),
    ...row("what", summary),
    ...found.evidence.flatMap((each) => row("seen", evidenceText(each))),
    ...row("why", mechanism),
    ...(library === undefined ? [] : row("library", `${library.name} ${library.version ?? ""}`)),
    ...row("fix", fix),
    ...(code?.split("\n") ?? []).flatMap((line) => codeLines(line, width)),
  ];
}

interface Row {
  readonly label: string;
  readonly indent: number;
  readonly width: number;
}

function labelled(text: string, { label, indent, width }: Row): string[] {
  const room = width - indent - 2;
  // A command in a sentence stays on one line, so that it can be pasted; one that is too long is broken between its words.
  const joined = printable(text).replaceAll(/`[^`]+`/g, (code) =>
    textWidth(code) < room ? code.replaceAll(" ", JOINED) : code,
  );
  const lines = wrapText(joined, room);
  return lines.map((line, index) =>
    `  ${(index === 0 ? label : "").padEnd(indent)}${line.replaceAll(JOINED, " ")}`.trimEnd(),
  );
}

const COMMAND = /^(?:bun|node|npm|npx|pnpm|yarn) /;
const CONTINUED = " \\";

// Code keeps its spaces; only a line that is too wide is broken, so that it can still be pasted.
function codeLines(line: string, width: number): string[] {
  const indent = " ".repeat(LABEL_WIDTH + 2);
  return brokenCode(printable(line), width - indent.length).map((each) =>
    `${indent}${each}`.trimEnd(),
  );
}

// A comment, and the code before it.
const COMMENTED = /^(.*?)(?<=^|\s)(\/\/ )(.*)$/;

// Breaks between words only: a part of a path or of a quoted text means something else.
function brokenCode(line: string, room: number): string[] {
  if (textWidth(line) <= room) return [line];
  const [, before = "", slashes = "", comment = ""] = COMMENTED.exec(line) ?? [];
  if (slashes === "" || COMMAND.test(line)) return continued(line, room);
  const lines = continued(comment, room - slashes.length).map((each) => `${slashes}${each}`);
  return before.trim() === "" ? lines : [...lines, ...brokenCode(before.trimEnd(), room)];
}

const WORDS = /(?:"(?:\\.|[^"\\])*"|'[^']*'|`[^`]*`|\S)+/g;

function continued(line: string, room: number): string[] {
  const end = COMMAND.test(line) ? CONTINUED : "";
  const lines = wrapWords(line.match(WORDS) ?? [], room - end.length);
  return lines.map((each, index) => (index < lines.length - 1 ? `${each}${end}` : each));
}

function evidenceText({ kind, name, id, startMillis, endMillis, at }: Evidence): string {
  const time = startMillis === undefined ? [] : [`at ${clock(startMillis)}`];
  if (startMillis !== undefined && endMillis !== undefined)
    time.push(`for ${Math.max(0, endMillis - startMillis).toFixed(1)} ms`);
  return [kind, name, id, ...time, at === undefined ? undefined : `(${at})`]
    .filter((part) => part !== undefined && part !== "")
    .join(" ");
}

function clock(millis: number): string {
  const time = new Date(millis);
  return Number.isNaN(time.getTime()) ? "?" : time.toISOString().slice(11);
}

/** Returns a quantity with its noun, in the plural unless it is 1. */
export function quantityOf(quantity: number, noun: string): string {
  return `${quantity} ${noun}${quantity === 1 ? "" : "s"}`;
}

/** Returns a duration as text: in milliseconds below a second, else in seconds. */
export function seconds(millis: number): string {
  return Math.abs(millis) < 1000 ? `${Math.round(millis)} ms` : `${(millis / 1000).toFixed(1)} s`;
}
