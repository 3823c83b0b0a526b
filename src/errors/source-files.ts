import { closeSync, constants, fstatSync, openSync, readSync } from "node:fs";

import { BoundedMap } from "../support/collections.js";

/** One source file; lines are counted from 1. */
export interface SourceFile {
  readonly bytes: number;
  /** Returns the first 6000 bytes of a line, without its line ending; undefined if there is no such line. Never throws. */
  line(number: number): string | undefined;
}

/** Limits of the cache. */
interface SourceFileLimits {
  /** Bytes of one file; larger ones are not read. Default 1 MiB. */
  readonly fileBytes: number;
  /** Bytes of all cached files. Default 8 MiB. */
  readonly keptBytes: number;
  /** Paths that are remembered because they could not be read; they are not tried again. Default 500. */
  readonly unreadable: number;
}

/** A cached result: the file, or undefined if it cannot be read. */
interface KnownFile {
  readonly file: SourceFile | undefined;
}

/** Lines above this number are not looked up: the file is a bundle, and an excerpt would not help. */
export const MAX_LINE_NUMBER = 10_000;

// Longer than the longest excerpt of a line: a column of up to 1000 and 140 characters, at up to four bytes each.
const MAX_LINE_BYTES = 6000;
const LINE_FEED = 10;
const DEFAULTS: SourceFileLimits = {
  fileBytes: 1_048_576,
  keptBytes: 8_388_608,
  unreadable: 500,
};

// Paths come from stack traces, which may be hostile input: never read network shares, devices or files that are not
// sources.
const SOURCE_PATH = /^(?:\/(?!\/)|[A-Za-z]:[\\/]).+\.(?:[cm]?[jt]sx?|vue|svelte|astro|mdx)$/i;
const MINIFIED = /\.min\.[cm]?js$/i;

/**
 * A cache of source files, which evicts the least recently used. Reads synchronously, so that an error that ends the
 * process also has source lines. Never throws.
 */
export class SourceFiles {
  readonly #limits: SourceFileLimits;
  // In order of use, the least recently used first.
  readonly #kept = new BoundedMap<string, SourceFile>(Infinity, ({ bytes }) => {
    this.#keptBytes -= bytes;
  });
  readonly #unreadable: BoundedMap<string, true>;
  #keptBytes = 0;

  constructor(limits: Partial<SourceFileLimits> = {}) {
    this.#limits = { ...DEFAULTS, ...limits };
    this.#unreadable = new BoundedMap(this.#limits.unreadable);
  }

  /** Returns the cached result for a path; undefined if `read` would access the disk. */
  known(path: string): KnownFile | undefined {
    const file = this.#kept.get(path);
    if (file !== undefined) {
      this.#kept.setNewest(path, file);
      return { file };
    }
    const isRefused = !SOURCE_PATH.test(path) || MINIFIED.test(path);
    return isRefused || this.#unreadable.has(path) ? { file: undefined } : undefined;
  }

  /** Returns the file, from the disk if it is not cached; undefined if it cannot be read. */
  read(path: string): SourceFile | undefined {
    const known = this.known(path);
    if (known !== undefined) return known.file;
    const content = contentOf(path, this.#limits.fileBytes);
    if (content === undefined) this.#unreadable.set(path, true);
    else this.#keep(path, new FileContent(content));
    return this.#kept.get(path);
  }

  #keep(path: string, file: SourceFile): void {
    this.#kept.set(path, file);
    this.#keptBytes += file.bytes;
    while (this.#keptBytes > this.#limits.keptBytes && this.#kept.evictOldest());
  }
}

// Holds bytes instead of a string, because a slice of a string keeps the whole string alive.
class FileContent implements SourceFile {
  readonly bytes: number;
  readonly #content: Buffer;
  /** Offsets of the lines found so far. */
  readonly #starts = [0];

  constructor(content: Buffer) {
    this.#content = content;
    this.bytes = content.length;
  }

  line(number: number): string | undefined {
    if (number < 1) return undefined;
    this.#find(number + 1);
    const start = this.#starts[number - 1];
    // No line follows the last line ending.
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
    // With O_NONBLOCK, opening a pipe does not wait for its other end. Undefined on Windows.
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
