import type { StackFrame } from "../protocol/error-event.js";
import { attempt } from "../support/foreign.js";
import { clip } from "../support/cut.js";

/** Where a frame's code is. */
export type FrameLocation = Omit<StackFrame, "function">;

const MAX_PATH_LENGTH = 1024;
// Patterns that look for the end of a path take the square of its length.
const MAX_READ_LENGTH = 2048;
const POSITION = /^(?<file>.+):(?<line>\d{1,9}):(?<column>\d{1,9})$/;
const WITHOUT_POSITION = /^(?:<anonymous>|native|index \d+|wasm:\/\/.+)$/;
const ABSOLUTE = /^(?:\/|[A-Za-z]:[\\/]|\\\\)/;
const EVAL_ORIGIN = /\((?<origin>[^()]+)\)/;
const DATA_URL = /^data:(?<type>[^,;]*)/;
// Sources of a bundle, as source maps name them: `webpack:///./src/a.js`, `./src/a.ts`. Code of `wasm:` may be Node's own.
const BUNDLED = /^(?:\.{1,2}\/|(?!wasm:|node:)[A-Za-z][\w+.-]*:\/\/)/;
// A built-in, or a script that is not named by its absolute path.
const NAMES_MODULE = /^node:|\.[cm]?[jt]sx?(?:[?#].*)?$/;
const SCRIPT_EXTENSION = /\.[cm]?[jt]sx?$/;
const SCHEME = /^[A-Za-z][\w+.-]*:\/\//;
const PACKAGES = "/node_modules/";

/** Reads the location part of a V8 stack line; `undefined` when it is not one. */
export function readLocation(text: string, root: string): FrameLocation | undefined {
  const place = text.startsWith("eval at ") ? evalOrigin(text) : text;
  if (WITHOUT_POSITION.test(place))
    return { filename: clip(place, MAX_PATH_LENGTH), in_app: false };
  const groups = POSITION.exec(place)?.groups;
  if (groups === undefined) return undefined;
  const file = (groups["file"] ?? "").slice(0, MAX_READ_LENGTH);
  return {
    ...fileFields(pathOf(file), root),
    ...positionFields(Number(groups["line"]), Number(groups["column"])),
  };
}

// What was made by hand or by a tool may say 0, which is no line; a column is nothing without its line.
function positionFields(lineno: number, colno: number): Pick<FrameLocation, "colno" | "lineno"> {
  if (lineno === 0) return {};
  return colno === 0 ? { lineno } : { lineno, colno };
}

// `eval at f (eval at g (/app/x.js:1:2)), <anonymous>:1:3`: the only place with a file is the innermost.
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
    // A path that ends with a slash has none.
    ...((isAbsolute || NAMES_MODULE.test(portable)) && module !== "" && { module }),
    in_app: (isAbsolute || BUNDLED.test(portable)) && !portable.includes("node_modules/"),
  };
}

/** `dir.dir:file`, relative to the package for installed code and to the root for the application's; the file alone elsewhere. */
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

// Both end with a slash, so that `/srv/app` is not taken for the parent of `/srv/apple`.
function folderBelow(folder: string, root: string): string {
  const packages = folder.lastIndexOf(PACKAGES);
  if (packages >= 0) return folder.slice(packages + PACKAGES.length, -1);
  const base = root.endsWith("/") ? root : `${root}/`;
  return folder.startsWith(base) ? folder.slice(base.length, -1) : "";
}
