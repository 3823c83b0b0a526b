import type { StackFrame } from "../protocol/error-event.js";
import { attempt } from "../support/foreign.js";
import { readLocation } from "./frame-location.js";
import { clip } from "../support/cut.js";

const MAX_FRAMES = 50;
const MAX_SCANNED = 32_768;
const MAX_HEADER_NAME = 256;
const MAX_FUNCTION_LENGTH = 256;
const CALL = /^\s+at (?:async (?!\())?(?<call>.+)$/;

/** What helps to read a stack. */
export interface StackReading {
  /** The error's message: lines in it that look like frames are passed over. */
  readonly message?: string;
  /** Folder that modules are named from, default the working directory. */
  readonly root?: string;
}

/**
 * The frames of a V8 stack, the outermost caller first and the throwing line last. Keeps the 50 frames
 * nearest to the throw; reads a bounded part of the text, whatever its size. Never throws.
 */
export function parseStack(stack: string | undefined, reading: StackReading = {}): StackFrame[] {
  if (stack === undefined) return [];
  const root = reading.root ?? attempt(() => process.cwd(), "");
  const start = headerEnd(stack, reading.message ?? "");
  const frames = readFrames(stack.slice(start, start + MAX_SCANNED), root);
  if (frames.length > 0 || stack.length <= MAX_SCANNED) return frames.toReversed();
  // A long message that the stack's header does not repeat as it is now: the frames come after it.
  return readFrames(stack.slice(-MAX_SCANNED), root).toReversed();
}

// V8 writes `Name: message`, with the name and message of the moment when the error was made.
function headerEnd(stack: string, message: string): number {
  if (message === "") return 0;
  if (stack.startsWith(message)) return message.length;
  const start = stack.slice(0, MAX_HEADER_NAME).indexOf(": ") + 2;
  return stack.startsWith(message, start) ? start + message.length : 0;
}

// Only the first run of frames: a library may have appended another error's stack after it.
function readFrames(text: string, root: string): StackFrame[] {
  const frames: StackFrame[] = [];
  for (const line of text.split(/\r?\n/)) {
    const call = CALL.exec(line)?.groups?.["call"];
    if (call === undefined && frames.length > 0) break;
    const frame = call === undefined ? undefined : readCall(call, root);
    if (frame !== undefined) frames.push(frame);
    if (frames.length === MAX_FRAMES) break;
  }
  return frames;
}

function readCall(call: string, root: string): StackFrame | undefined {
  const open = call.endsWith(")") ? call.indexOf(" (") : -1;
  const name = open > 0 ? call.slice(0, open) : "";
  const location = readLocation(open > 0 ? call.slice(open + 2, -1) : call, root);
  return location && { function: functionName(name), ...location };
}

// An alias (`Layer.handle [as handle_request]`) stays, as in Sentry's SDKs: issues are grouped by the name.
function functionName(name: string): string {
  const known = name.replaceAll("<anonymous>", "?");
  return known === "" ? "?" : clip(known, MAX_FUNCTION_LENGTH);
}
