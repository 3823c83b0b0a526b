import {
  closeSync,
  constants,
  fstatSync,
  lstatSync,
  mkdirSync,
  openSync,
  readFileSync,
  readdirSync,
  readlinkSync,
  renameSync,
  statSync,
  unlinkSync,
  writeFileSync,
} from "node:fs";
import {
  access,
  lstat,
  lutimes,
  mkdir,
  open,
  readdir,
  rename,
  stat,
  unlink,
} from "node:fs/promises";
import type { Stats } from "node:fs";
import { dirname } from "node:path";

import { systemErrorCode } from "../../support/foreign.js";

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
  /** The file's bytes; undefined where it is no regular file or not as long as expected. Never waits for a writer. */
  read(path: string, expectedBytes: number): Promise<Buffer | undefined>;
  readRegularSync(path: string, expectedBytes: number): Buffer | undefined;
  /** The bytes of a file of the system. */
  readSync(path: string): Buffer;
  /** What a name stands for; a link is not followed. */
  inspect(path: string): Promise<FileKind>;
  inspectSync(path: string): FileKind;
  /** Resolves where files may be made and removed in a directory. */
  checkWritable(path: string): Promise<void>;
  /** Device and inode of a directory, which another one of the same name has not. */
  identity(path: string): Promise<string>;
  identitySync(path: string): string;
  readLinkSync(path: string): string;
  /** Milliseconds since the epoch. */
  modifiedMillis(path: string): Promise<number>;
  setModified(path: string, millis: number): Promise<void>;
}

/** What a directory entry is. */
export interface FileKind {
  readonly isRegular: boolean;
  readonly bytes: number;
}

// A pipe would wait for its writer for ever, and a link may lead anywhere. Windows has neither flag.
const READ_FLAGS = constants.O_RDONLY | (constants.O_NONBLOCK ?? 0) | (constants.O_NOFOLLOW ?? 0);

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
    const file = await open(path, READ_FLAGS);
    try {
      // Asked before it is read: a file that is not ours may be of any kind and size.
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
  inspect: async (path) => kindOf(await lstat(path)),
  inspectSync: (path) => kindOf(lstatSync(path)),
  checkWritable: (path) => access(path, constants.W_OK | constants.X_OK),
  identity: async (path) => identityOf(await stat(path)),
  identitySync: (path) => identityOf(statSync(path)),
  readSync: (path) => readFileSync(path),
  readLinkSync: (path) => readlinkSync(path),
  async modifiedMillis(path) {
    return (await lstat(path)).mtimeMs;
  },
  async setModified(path, millis) {
    const time = new Date(millis);
    await lutimes(path, time, time);
  },
};

function kindOf(status: Stats): FileKind {
  return { isRegular: status.isFile(), bytes: status.size };
}

function identityOf({ dev, ino }: Stats): string {
  return `${dev}:${ino}`;
}

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
  return systemErrorCode(error) === "EEXIST";
}

function isParentMissing(error: unknown, path: string): boolean {
  return systemErrorCode(error) === "ENOENT" && dirname(path) !== path;
}
