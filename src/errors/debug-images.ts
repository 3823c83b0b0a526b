import { attempt, isObjectLike, propertyOf, ownKeys } from "../support/foreign.js";
import { clip } from "../support/text.js";
import type { ExceptionValue, StackFrame } from "../protocol/events.js";
import { parseStack } from "./stack-frames.js";

/** Tells Sentry which source map belongs to a file (protocol: debug meta). */
interface DebugImage {
  readonly type: "sourcemap";
  readonly code_file: string;
  readonly debug_id: string;
}

// Global variables in which bundler plugins store the debug id of each bundle, keyed by a stack trace from inside the
// bundle.
const RECORDS = ["_sentryDebugIds", "_debugIds"];
const MAX_FILES = 5000;
const MAX_ID_LENGTH = 64;

// These records only grow, so each stack trace is parsed once.
const fileOfStack = new Map<string, string>();
const idOfFile = new Map<string, string>();
let knownKeys = 0;

/**
 * Returns the debug images of the frames' files to which a bundler gave a debug id; undefined if there are none. Never
 * throws.
 */
export function debugImages(values: readonly ExceptionValue[]): DebugImage[] | undefined {
  readRecords();
  if (idOfFile.size === 0) return undefined;
  const frames = values.flatMap(({ stacktrace }) => stacktrace?.frames ?? []);
  const images = [...new Set(frames.map(fileOfFrame))].flatMap((file): DebugImage[] => {
    const debugId = idOfFile.get(file);
    return debugId === undefined ? [] : [{ type: "sourcemap", code_file: file, debug_id: debugId }];
  });
  return images.length === 0 ? undefined : images;
}

function readRecords(): void {
  const records = RECORDS.map((name) => propertyOf(globalThis, name)).filter(isObjectLike);
  const keys = records.map(keysOf);
  const count = keys.reduce((sum, { length }) => sum + length, 0);
  if (count === knownKeys) return;
  knownKeys = count;
  idOfFile.clear();
  for (const [index, record] of records.entries()) readRecord(record, keys[index] ?? []);
}

function keysOf(record: object): readonly string[] {
  return attempt(() => ownKeys(record, MAX_FILES), []);
}

function readRecord(record: object, stacks: readonly string[]): void {
  for (const stack of stacks) {
    const debugId = propertyOf(record, stack);
    const file = fileOfStack.get(stack) ?? throwingFile(stack);
    if (typeof debugId !== "string" || file === "") continue;
    if (fileOfStack.size < MAX_FILES) fileOfStack.set(stack, file);
    idOfFile.set(file, clip(debugId, MAX_ID_LENGTH));
  }
}

function throwingFile(stack: string): string {
  const frame = parseStack(stack).at(-1);
  return frame === undefined ? "" : fileOfFrame(frame);
}

function fileOfFrame({ abs_path, filename }: StackFrame): string {
  return abs_path ?? filename;
}
