import type { ExceptionValue, StackFrame } from "../protocol/events.js";
import { MAX_LINE_NUMBER, SourceFiles } from "./source-files.js";
import type { SourceFile } from "./source-files.js";

// Code beyond this column is minified, so an excerpt would not help.
const MAX_COLUMN = 1000;
const MAX_NEW_FILES = 10;
// Maximum for all frames of an event, so that the event stays below the size limit.
const MAX_CHARACTERS = 100_000;

// Longer lines are cut, in the same way as in Sentry's SDKs.
const MAX_WHOLE_LINE = 150;
const CUT_LENGTH = 140;
const BEFORE_COLUMN = 60;
const MIN_CUT = 5;

/** A frame with a known file and line. */
interface PositionedFrame extends StackFrame {
  abs_path: string;
  lineno: number;
}

interface Work {
  readonly lines: number;
  readonly files: SourceFiles;
  newFiles: number;
  characters: number;
}

const shared = new SourceFiles();

/**
 * Adds source lines to each frame whose file can be read: `lines` lines before and after it (0 reads nothing). Frames
 * of the application come first, starting at the throwing one. Reads at most ten files per call that are not cached.
 * Frames that already have source lines keep them. Never throws.
 */
export function addContextLines(
  values: readonly ExceptionValue[],
  lines: number,
  files: SourceFiles = shared,
): void {
  if (lines <= 0) return;
  const work: Work = { lines, files, newFiles: 0, characters: 0 };
  const frames = values
    .toReversed()
    .flatMap(({ stacktrace }) => stacktrace?.frames.toReversed() ?? [])
    .filter(hasPosition);
  const [own, others] = [frames.filter(isOwn), frames.filter((frame) => !isOwn(frame))];
  for (const frame of [...own, ...others]) addTo(frame, work);
}

function hasPosition(frame: StackFrame): frame is PositionedFrame {
  const { abs_path, lineno = 0, colno = 0, context_line } = frame;
  const isReadable = lineno > 0 && lineno <= MAX_LINE_NUMBER && colno <= MAX_COLUMN;
  return abs_path !== undefined && isReadable && context_line === undefined;
}

function isOwn({ in_app }: StackFrame): boolean {
  return in_app;
}

function addTo(frame: PositionedFrame, work: Work): void {
  if (work.characters > MAX_CHARACTERS) return;
  const file = fileOf(frame.abs_path, work);
  const line = file?.line(frame.lineno);
  if (file === undefined || line === undefined) return;
  const { lineno, colno = 0 } = frame;
  const read = (range: LineRange): string[] => linesOf(file, range, work);
  frame.pre_context = read({ from: Math.max(1, lineno - work.lines), to: lineno });
  frame.context_line = counted(cutLine(line, colno), work);
  frame.post_context = read({ from: lineno + 1, to: lineno + 1 + work.lines });
}

function fileOf(path: string, work: Work): SourceFile | undefined {
  const known = work.files.known(path);
  if (known !== undefined) return known.file;
  if (work.newFiles >= MAX_NEW_FILES) return undefined;
  work.newFiles += 1;
  return work.files.read(path);
}

interface LineRange {
  readonly from: number;
  /** End of the range, exclusive. */
  readonly to: number;
}

function linesOf(file: SourceFile, { from, to }: LineRange, work: Work): string[] {
  const lines: string[] = [];
  for (let number = from; number < to && work.characters <= MAX_CHARACTERS; number += 1) {
    const line = file.line(number);
    if (line === undefined) break;
    lines.push(counted(cutLine(line, 0), work));
  }
  return lines;
}

function counted(text: string, work: Work): string {
  // Two quotes and a comma in JSON.
  work.characters += text.length + 3;
  return text;
}

/** Cuts a line around the column; `{snip}` marks the parts that are left out. */
function cutLine(line: string, column: number): string {
  if (line.length <= MAX_WHOLE_LINE) return line;
  let start = Math.max(Math.min(column, line.length) - BEFORE_COLUMN, 0);
  if (start < MIN_CUT) start = 0;
  let end = start + CUT_LENGTH;
  if (end > line.length - MIN_CUT) {
    end = line.length;
    start = Math.max(end - CUT_LENGTH, 0);
  }
  const before = start > 0 ? "{snip} " : "";
  const after = end < line.length ? " {snip}" : "";
  return `${before}${line.slice(start, end).toWellFormed()}${after}`;
}
