import {
  closeSync,
  constants,
  fstatSync,
  lstatSync,
  mkdirSync,
  openSync,
  promises,
  readFileSync,
  readdirSync,
  readlinkSync,
  renameSync,
  statSync,
  unlinkSync,
  writeFileSync,
} from "node:fs";
import type { Stats } from "node:fs";
import { dirname } from "node:path";

import { errorCode } from "../../support/foreign.js";

/**
 * The file operations of the spool, as an interface so that tests can make them fail. Methods throw what `node:fs`
 * throws.
 */
export interface SpoolFiles {
  /** Creates a directory and its parents, accessible to this user only. The directory may exist already. */
  makeDirectory(path: string): Promise<void>;
  makeDirectorySync(path: string): void;
  /** Lists the names in a directory, in no particular order. */
  list(path: string): Promise<string[]>;
  listSync(path: string): string[];
  /**
   * Creates a file, accessible to this user only; resolves once it is flushed to the disk. Fails if the file exists.
   */
  write(path: string, data: Buffer): Promise<void>;
  /** Creates a file without flushing it: it survives the end of the process, but not a power loss. */
  writeSync(path: string, data: Buffer): void;
  /** Flushes the names in a directory to the disk, if the platform supports that. */
  syncDirectory(path: string): Promise<void>;
  rename(from: string, to: string): Promise<void>;
  renameSync(from: string, to: string): void;
  remove(path: string): Promise<void>;
  removeSync(path: string): void;
  /**
   * Reads a file; undefined if it is not a regular file of the expected length. Never waits for the writer of a pipe.
   */
  read(path: string, expectedBytes: number): Promise<Buffer | undefined>;
  readRegularSync(path: string, expectedBytes: number): Buffer | undefined;
  /** Reads a system file, such as one of procfs. */
  readSync(path: string): Buffer;
  /** Returns the kind of a file; links are not followed. */
  inspect(path: string): Promise<FileKind>;
  inspectSync(path: string): FileKind;
  /** Resolves if files may be created and removed in a directory. */
  checkWritable(path: string): Promise<void>;
  /** Returns device and inode of a directory, which distinguish it from a later one with the same name. Throws for a file. */
  identity(path: string): Promise<string>;
  identitySync(path: string): string;
  readLinkSync(path: string): string;
  /** Returns the modification time, in milliseconds since 1970. */
  modifiedMillis(path: string): Promise<number>;
  setModified(path: string, millis: number): Promise<void>;
}

/** The kind of a directory entry. */
export interface FileKind {
  readonly isRegular: boolean;
  readonly bytes: number;
}

// Opening a pipe would wait for its writer forever, and a link may lead anywhere. Windows has neither flag.
const READ_FLAGS = constants.O_RDONLY | (constants.O_NONBLOCK ?? 0) | (constants.O_NOFOLLOW ?? 0);

const FILE_MODE = 0o600;
const DIRECTORY_MODE = 0o700;

/** File operations of Node. */
export const systemFiles: SpoolFiles = {
  makeDirectory: (path) => makeDirectories(path),
  makeDirectorySync: (path) => makeDirectoriesSync(path),
  list: (path) => promises.readdir(path),
  listSync: (path) => readdirSync(path),
  async write(path, data) {
    const file = await promises.open(path, "wx", FILE_MODE);
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
    const directory = await promises.open(path, "r");
    try {
      await directory.sync();
    } finally {
      await directory.close();
    }
  },
  rename: (from, to) => promises.rename(from, to),
  renameSync: (from, to) => renameSync(from, to),
  remove: (path) => promises.unlink(path),
  removeSync: (path) => unlinkSync(path),
  async read(path, expectedBytes) {
    const file = await promises.open(path, READ_FLAGS);
    try {
      // Checked before reading: a file of another user may be of any kind and size.
      const status = await file.stat();
      return status.isFile() && status.size === expectedBytes ? await file.readFile() : undefined;
    } finally {
      await file.close();
    }
  },
  readRegularSync(path, expectedBytes) {
    const file = openSync(path, READ_FLAGS);
    try {
      const status = fstatSync(file);
      return status.isFile() && status.size === expectedBytes ? readFileSync(file) : undefined;
    } finally {
      closeSync(file);
    }
  },
  inspect: async (path) => kindOf(await promises.lstat(path)),
  inspectSync: (path) => kindOf(lstatSync(path)),
  checkWritable: (path) => promises.access(path, constants.W_OK | constants.X_OK),
  // With this path, anything but a directory is an error.
  identity: async (path) => identityOf(await promises.stat(`${path}/.`)),
  identitySync: (path) => identityOf(statSync(`${path}/.`)),
  readSync: (path) => readFileSync(path),
  readLinkSync: (path) => readlinkSync(path),
  async modifiedMillis(path) {
    return (await promises.lstat(path)).mtimeMs;
  },
  async setModified(path, millis) {
    const time = new Date(millis);
    await promises.lutimes(path, time, time);
  },
};

function kindOf(status: Stats): FileKind {
  return { isRegular: status.isFile(), bytes: status.size };
}

function identityOf({ dev, ino }: Stats): string {
  return `${dev}:${ino}`;
}

// Creates the directories one by one instead of with `recursive`: if the system fails with ENOENT below an existing
// directory, as procfs does, Node.js 20 retries forever and the process hangs.
async function makeDirectories(path: string): Promise<void> {
  try {
    await promises.mkdir(path, { mode: DIRECTORY_MODE });
  } catch (error) {
    if (isThere(error)) return;
    if (!isParentMissing(error, path)) throw error;
    await makeDirectories(dirname(path));
    await promises.mkdir(path, { mode: DIRECTORY_MODE }).catch(unlessThere);
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

// Another process may have created the directory. If it is not a directory, the next operation fails.
function isThere(error: unknown): boolean {
  return errorCode(error) === "EEXIST";
}

function isParentMissing(error: unknown, path: string): boolean {
  return errorCode(error) === "ENOENT" && dirname(path) !== path;
}
