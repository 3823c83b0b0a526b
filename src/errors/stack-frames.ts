import type { StackFrame } from "../protocol/events.js";
import { clip } from "../support/text.js";
import { attempt } from "../support/foreign.js";

const MAX_FRAMES = 50;
const MAX_SCANNED = 32_768;
const MAX_HEADER_NAME = 256;
const MAX_COMPARED = 8192;
const MAX_FUNCTION_LENGTH = 256;
const CALL = /^\s+at (?:async (?!\())?(?<call>.+)$/;

/** Options of `parseStack`. */
interface StackReading {
  /** Message of the error; lines in it that look like frames are skipped. */
  readonly message?: string;
  /** Folder to which module names are relative. Default: the working directory. */
  readonly root?: string;
}

/**
 * Parses a V8 stack trace, the outermost caller first and the throwing frame last. Keeps the 50 frames nearest to the
 * throw, and reads at most 32,768 characters after the message. Never throws.
 */
export function parseStack(stack: string | undefined, reading: StackReading = {}): StackFrame[] {
  if (stack === undefined) return [];
  const root = reading.root ?? attempt(() => process.cwd(), "");
  const start = headerEnd(stack, reading.message ?? "");
  const frames = readFrames(stack.slice(start, start + MAX_SCANNED), root);
  if (frames.length > 0 || stack.length <= MAX_SCANNED) return frames.toReversed();
  // The header contains a long message that differs from the current one, so the frames are searched for at the end.
  return readFrames(stack.slice(-MAX_SCANNED), root).toReversed();
}

// Returns the end of the header. V8 writes the header `Name: message` when the error is created; both may have changed
// since.
function headerEnd(stack: string, message: string): number {
  if (message === "") return 0;
  if (hasTextAt(stack, message, 0)) return message.length;
  const start = stack.slice(0, MAX_HEADER_NAME).indexOf(": ") + 2;
  return hasTextAt(stack, message, start) ? start + message.length : 0;
}

// Compares only both ends of a long text: comparing 16 million characters takes several milliseconds.
function hasTextAt(stack: string, text: string, at: number): boolean {
  if (text.length <= 2 * MAX_COMPARED) return stack.startsWith(text, at);
  const end = text.slice(-MAX_COMPARED);
  return (
    stack.startsWith(text.slice(0, MAX_COMPARED), at) &&
    stack.startsWith(end, at + text.length - MAX_COMPARED)
  );
}

// Reads the first block of frames only: a library may have appended the stack trace of another error.
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

// Control characters, which no file has in its name, would make the event too large: they take six characters in JSON.
function readCall(text: string, root: string): StackFrame | undefined {
  const call = text.replaceAll(/\p{Cc}/gu, "?");
  const open = call.endsWith(")") ? call.indexOf(" (") : -1;
  const name = open > 0 ? call.slice(0, open) : "";
  const location = readLocation(open > 0 ? call.slice(open + 2, -1) : call, root);
  return location && { function: functionName(name), ...location };
}

// Keeps an alias (`Layer.handle [as handle_request]`) as Sentry's SDKs do, because issues are grouped by the name.
function functionName(name: string): string {
  const known = name.replaceAll("<anonymous>", "?");
  return known === "" ? "?" : clip(known, MAX_FUNCTION_LENGTH);
}

/** The location of a frame in the code. */
type FrameLocation = Omit<StackFrame, "function">;

const MAX_PATH_LENGTH = 1024;
// The patterns below that search for the end of a path take time quadratic in its length.
const MAX_READ_LENGTH = 2048;
const POSITION = /^(?<file>.+):(?<line>\d{1,9}):(?<column>\d{1,9})$/;
const WITHOUT_POSITION = /^(?:<anonymous>|native|index \d+|wasm:\/\/.+)$/;
const ABSOLUTE = /^(?:\/|[A-Za-z]:[\\/]|\\\\)/;
const EVAL_ORIGIN = /\((?<origin>[^()]+)\)/;
const DATA_URL = /^data:(?<type>[^,;]*)/;
// Paths from source maps: `webpack:///./src/a.js`, `./src/a.ts`. `wasm:` is excluded, because such code may be Node's
// own.
const BUNDLED = /^(?:\.{1,2}\/|(?!wasm:|node:)[A-Za-z][\w+.-]*:\/\/)/;
// A built-in module, or a script with a relative path.
const NAMES_MODULE = /^node:|\.[cm]?[jt]sx?(?:[?#].*)?$/;
const SCRIPT_EXTENSION = /\.[cm]?[jt]sx?$/;
const SCHEME = /^[A-Za-z][\w+.-]*:\/\//;
const PACKAGES = "/node_modules/";

/** Parses the location in a line of a V8 stack trace; undefined if the text is not a location. */
function readLocation(text: string, root: string): FrameLocation | undefined {
  const location = text.startsWith("eval at ") ? evalOrigin(text) : text;
  if (WITHOUT_POSITION.test(location))
    return { filename: clip(location, MAX_PATH_LENGTH), in_app: false };
  const groups = POSITION.exec(location)?.groups;
  if (groups === undefined) return undefined;
  const file = (groups["file"] ?? "").slice(0, MAX_READ_LENGTH);
  return {
    ...fileFields(pathOf(file), root),
    ...positionFields(Number(groups["line"]), Number(groups["column"])),
  };
}

// Stack traces written by tools may have line 0, which Sentry rejects. A column is useless without its line.
function positionFields(lineno: number, colno: number): Pick<FrameLocation, "colno" | "lineno"> {
  if (lineno === 0) return {};
  return colno === 0 ? { lineno } : { lineno, colno };
}

// `eval at f (eval at g (/app/x.js:1:2)), <anonymous>:1:3`: only the innermost location has a file.
function evalOrigin(text: string): string {
  return EVAL_ORIGIN.exec(text)?.groups?.["origin"] ?? "<anonymous>";
}

function pathOf(file: string): string {
  const dataType = DATA_URL.exec(file)?.groups?.["type"];
  if (dataType !== undefined) return `<data:${dataType}>`;
  if (!file.startsWith("file://")) return file;
  const path = file.slice("file://".length).replace(/[?#].*$/, "");
  return attempt(() => decodeURIComponent(path), path).replace(/^\/(?=[A-Za-z]:)/, "");
}

function fileFields(path: string, root: string): FrameLocation {
  const filename = path === "" ? "<anonymous>" : clip(path, MAX_PATH_LENGTH);
  const isAbsolute = ABSOLUTE.test(path);
  const portable = path.replaceAll("\\", "/");
  const module = clip(moduleOf(portable, root.replaceAll("\\", "/")), MAX_PATH_LENGTH);
  return {
    filename,
    ...(isAbsolute && { abs_path: filename }),
    // A path that ends with a slash has no module.
    ...((isAbsolute || NAMES_MODULE.test(portable)) && module !== "" && { module }),
    in_app: (isAbsolute || BUNDLED.test(portable)) && !portable.includes("node_modules/"),
  };
}

/**
 * Returns `dir.dir:file`, relative to the package for installed code and to the root for application code; else only
 * the file.
 */
function moduleOf(path: string, root: string): string {
  const slash = path.lastIndexOf("/");
  const name = path.slice(slash + 1);
  const file = (SCHEME.test(path) ? name.replace(/[?#].*$/, "") : name).replace(
    SCRIPT_EXTENSION,
    "",
  );
  const folder = folderBelow(path.slice(0, slash + 1), root);
  return folder === "" ? file : `${folder.replaceAll("/", ".")}:${file}`;
}

// Both end with a slash, so that `/srv/app` does not match `/srv/apple`.
function folderBelow(folder: string, root: string): string {
  const packages = folder.lastIndexOf(PACKAGES);
  if (packages >= 0) return folder.slice(packages + PACKAGES.length, -1);
  const base = root.endsWith("/") ? root : `${root}/`;
  return folder.startsWith(base) ? folder.slice(base.length, -1) : "";
}
