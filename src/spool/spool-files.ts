import {
  mkdirSync,
  readFileSync,
  readdirSync,
  readlinkSync,
  renameSync,
  unlinkSync,
  writeFileSync,
} from "node:fs";
import { mkdir, open, readdir, rename, stat, unlink, utimes } from "node:fs/promises";
import { dirname } from "node:path";

import { errorCode } from "./error-code.js";

/** What the spool does with the disk; a parameter, so that a test can let it fail. Methods throw what `node:fs` throws. */
export interface SpoolFiles {
  /** Creates a directory and those above it, for this user alone. It may be there already. */
  makeDirectory(path: string): Promise<void>;
  makeDirectorySync(path: string): void;
  /** The names in a directory, in no order. */
  list(path: string): Promise<string[]>;
  listSync(path: string): string[];
  /** Creates a file for this user alone; resolves once it is on the disk. Fails where there is one. */
  write(path: string, data: Buffer): Promise<void>;
  /** The same as far as the operating system: it outlives the process, not a power loss. */
  writeSync(path: string, data: Buffer): void;
  /** Resolves once the names in a directory are on the disk, where the platform can tell. */
  syncDirectory(path: string): Promise<void>;
  rename(from: string, to: string): Promise<void>;
  renameSync(from: string, to: string): void;
  remove(path: string): Promise<void>;
  removeSync(path: string): void;
  /** The file's bytes from its start; undefined where it is not as long as expected. */
  read(path: string, expectedBytes: number): Promise<Buffer | undefined>;
  readSync(path: string): Buffer;
  readLinkSync(path: string): string;
  /** Milliseconds since the epoch. */
  modifiedMillis(path: string): Promise<number>;
  setModified(path: string, millis: number): Promise<void>;
}

const FILE_MODE = 0o600;
const DIRECTORY_MODE = 0o700;

/** The disk itself. */
export const systemFiles: SpoolFiles = {
  makeDirectory: (path) => makeDirectories(path),
  makeDirectorySync: (path) => makeDirectoriesSync(path),
  list: (path) => readdir(path),
  listSync: (path) => readdirSync(path),
  async write(path, data) {
    const file = await open(path, "wx", FILE_MODE);
    try {
      await file.writeFile(data);
      await file.sync();
    } finally {
      await file.close();
    }
  },
  writeSync(path, data) {
    writeFileSync(path, data, { flag: "wx", mode: FILE_MODE });
  },
  async syncDirectory(path) {
    const directory = await open(path, "r");
    try {
      await directory.sync();
    } finally {
      await directory.close();
    }
  },
  rename: (from, to) => rename(from, to),
  renameSync: (from, to) => renameSync(from, to),
  remove: (path) => unlink(path),
  removeSync: (path) => unlinkSync(path),
  async read(path, expectedBytes) {
    const file = await open(path, "r");
    try {
      // Asked before it is read: a file that is not ours may be of any size.
      const { size } = await file.stat();
      return size === expectedBytes ? await file.readFile() : undefined;
    } finally {
      await file.close();
    }
  },
  readSync: (path) => readFileSync(path),
  readLinkSync: (path) => readlinkSync(path),
  async modifiedMillis(path) {
    return (await stat(path)).mtimeMs;
  },
  async setModified(path, millis) {
    const time = new Date(millis);
    await utimes(path, time, time);
  },
};

// Not with `recursive`: where the system refuses with ENOENT below a directory that exists, as procfs
// does, Node.js 20 tries for ever and the process hangs.
async function makeDirectories(path: string): Promise<void> {
  try {
    await mkdir(path, { mode: DIRECTORY_MODE });
  } catch (error) {
    if (isThere(error)) return;
    if (!isParentMissing(error, path)) throw error;
    await makeDirectories(dirname(path));
    await mkdir(path, { mode: DIRECTORY_MODE }).catch(unlessThere);
  }
}

function makeDirectoriesSync(path: string): void {
  try {
    mkdirSync(path, { mode: DIRECTORY_MODE });
  } catch (error) {
    if (isThere(error)) return;
    if (!isParentMissing(error, path)) throw error;
    makeDirectoriesSync(dirname(path));
    try {
      mkdirSync(path, { mode: DIRECTORY_MODE });
    } catch (again) {
      unlessThere(again);
    }
  }
}

function unlessThere(error: unknown): void {
  if (!isThere(error)) throw error;
}

// Another process may be faster. That it is no directory shows at the next step.
function isThere(error: unknown): boolean {
  return errorCode(error) === "EEXIST";
}

function isParentMissing(error: unknown, path: string): boolean {
  return errorCode(error) === "ENOENT" && dirname(path) !== path;
}
