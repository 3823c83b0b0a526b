import { closeSync, constants, fstatSync, openSync, readSync } from "node:fs";

/** One source file; lines are counted from 1. */
export interface SourceFile {
  readonly bytes: number;
  /** The line's first characters, without its end; undefined if there is none. Never throws. */
  line(number: number): string | undefined;
}

/** How much is kept. */
export interface SourceFileLimits {
  /** Bytes of one file; larger ones are not read. Default 1 MiB. */
  readonly fileBytes: number;
  /** Bytes of all files that are kept. Default 8 MiB. */
  readonly keptBytes: number;
  /** Paths of files that could not be read, which are not tried again. Default 500. */
  readonly unreadable: number;
}

/** A file as it is kept: reading it again is not needed, or is no use. */
export interface KnownFile {
  readonly file: SourceFile | undefined;
}

/** A line number above this is not looked up: the text is a bundle that nobody reads. */
export const MAX_LINE_NUMBER = 10_000;

// Enough for the longest excerpt of a line, at up to four bytes a character.
const MAX_LINE_BYTES = 6000;
const LINE_FEED = 10;
const DEFAULTS: SourceFileLimits = {
  fileBytes: 1_048_576,
  keptBytes: 8_388_608,
  unreadable: 500,
};

// Of network shares and devices nothing is read, and nothing that is no source: a stack is text that
// may have come from anywhere.
const SOURCE_PATH = /^(?:\/(?!\/)|[A-Za-z]:[\\/]).+\.(?:[cm]?[jt]sx?|vue|svelte|astro|mdx)$/i;
const MINIFIED = /\.min\.[cm]?js$/i;

/**
 * Source files, read when they are asked for: at once, so that an error which ends the process has its
 * lines, too. The most recently used ones are kept. Nothing here throws.
 */
export class SourceFiles {
  readonly #limits: SourceFileLimits;
  // The least recently used one is first.
  readonly #kept = new Map<string, SourceFile>();
  readonly #unreadable = new Set<string>();
  #keptBytes = 0;

  constructor(limits: Partial<SourceFileLimits> = {}) {
    this.#limits = { ...DEFAULTS, ...limits };
  }

  /** What is known of the file without looking at the disk; undefined if `read` would look. */
  known(path: string): KnownFile | undefined {
    const file = this.#kept.get(path);
    if (file !== undefined) {
      this.#kept.delete(path);
      this.#kept.set(path, file);
      return { file };
    }
    const isRefused = !SOURCE_PATH.test(path) || MINIFIED.test(path);
    return isRefused || this.#unreadable.has(path) ? { file: undefined } : undefined;
  }

  /** The file, from the disk if it is not known. */
  read(path: string): SourceFile | undefined {
    const known = this.known(path);
    if (known !== undefined) return known.file;
    const content = contentOf(path, this.#limits.fileBytes);
    if (content === undefined) this.#refuse(path);
    else this.#keep(path, new FileContent(content));
    return this.#kept.get(path);
  }

  #refuse(path: string): void {
    this.#unreadable.add(path);
    for (const oldest of this.#unreadable) {
      if (this.#unreadable.size <= this.#limits.unreadable) return;
      this.#unreadable.delete(oldest);
    }
  }

  #keep(path: string, file: SourceFile): void {
    this.#kept.set(path, file);
    this.#keptBytes += file.bytes;
    for (const [oldest, { bytes }] of this.#kept) {
      if (this.#keptBytes <= this.#limits.keptBytes) return;
      this.#kept.delete(oldest);
      this.#keptBytes -= bytes;
    }
  }
}

// Bytes and not text: a piece of a text would keep all of it alive.
class FileContent implements SourceFile {
  readonly bytes: number;
  readonly #content: Buffer;
  /** Where the lines begin, as far as they were asked for. */
  readonly #starts = [0];

  constructor(content: Buffer) {
    this.#content = content;
    this.bytes = content.length;
  }

  line(number: number): string | undefined {
    if (number < 1) return undefined;
    this.#find(number + 1);
    const start = this.#starts[number - 1];
    // After the last line's end there is no line.
    if (start === undefined || start === this.#content.length) return undefined;
    const end = (this.#starts[number] ?? this.#content.length + 1) - 1;
    const text = this.#content.toString("utf8", start, Math.min(end, start + MAX_LINE_BYTES));
    return text.replace(/^\uFEFF|\r$/g, "");
  }

  #find(number: number): void {
    while (this.#starts.length < number) {
      const end = this.#content.indexOf(LINE_FEED, this.#starts.at(-1));
      if (end === -1) return;
      this.#starts.push(end + 1);
    }
  }
}

function contentOf(path: string, maxBytes: number): Buffer | undefined {
  try {
    // Without waiting for the other end of a pipe. Windows has no such flag.
    const descriptor = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
    try {
      return wholeContent(descriptor, maxBytes);
    } finally {
      closeSync(descriptor);
    }
  } catch {
    return undefined;
  }
}

function wholeContent(descriptor: number, maxBytes: number): Buffer | undefined {
  const stats = fstatSync(descriptor);
  if (!stats.isFile() || stats.size > maxBytes) return undefined;
  const content = Buffer.alloc(stats.size);
  let length = 0;
  while (length < content.length) {
    const count = readSync(descriptor, content, length, content.length - length, length);
    if (count === 0) break;
    length += count;
  }
  return content.subarray(0, length);
}
