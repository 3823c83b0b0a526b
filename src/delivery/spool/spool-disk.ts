import { errorCode } from "../../support/foreign.js";
import type { FileKind, SpoolFiles } from "./spool-files.js";
import type { DiskTrouble } from "./disk-trouble.js";
import type { Diagnostics } from "../../support/diagnostics.js";

/**
 * Result of a file operation:
 * - `missing`: the file does not exist, usually because another process was faster; not a failure.
 * - `refused`: this process may not access this file, although it may use the directory.
 */
export type DiskResult = "done" | "failed" | "missing" | "refused";

/** The content of a file, or why it could not be read. */
export type ReadResult =
  | { readonly result: "done"; readonly data: Buffer }
  /** The file's length differs from the one in its name, or this user may not read it. */
  | { readonly result: "unreadable" }
  | { readonly result: "failed" | "missing" };

/** The kind of a file, or why it could not be determined. */
export type Inspected = FileKind | "failed" | "missing";

/** The identity of a directory that does not exist, or has been replaced by a file. */
export const GONE = "gone";

/** Dependencies of `SpoolDisk`. */
interface SpoolDiskSettings {
  readonly directory: string;
  readonly files: SpoolFiles;
  readonly trouble: DiskTrouble;
}

// Errors that are due to the file itself, so that a retry does not help.
const UNREADABLE: ReadonlySet<unknown> = new Set([
  "EACCES",
  "EISDIR",
  "ELOOP",
  "EMLINK",
  "ENXIO",
  "EOPNOTSUPP",
  "EPERM",
]);

// Errors for a file of another user in a protected directory, or for the directory as a whole.
const NOT_PERMITTED: ReadonlySet<unknown> = new Set(["EACCES", "EISDIR", "EPERM"]);

/** File operations in the spool directory, with results instead of exceptions. No method throws or rejects. */
export class SpoolDisk {
  readonly #directory: string;
  readonly #files: SpoolFiles;
  readonly #trouble: DiskTrouble;

  constructor(settings: SpoolDiskSettings) {
    this.#directory = settings.directory;
    this.#files = settings.files;
    this.#trouble = settings.trouble;
  }

  async makeDirectory(): Promise<DiskResult> {
    const result = await this.#try(() => this.#files.makeDirectory(this.#directory));
    if (result === "missing") this.reportMissing();
    return result;
  }

  makeDirectorySync(): DiskResult {
    const result = this.#trySync(() => this.#files.makeDirectorySync(this.#directory));
    if (result === "missing") this.reportMissing();
    return result;
  }

  /** Lists the names in the directory; empty if the directory does not exist, undefined on a failure. */
  async list(): Promise<string[] | undefined> {
    let names: string[] = [];
    const result = await this.#try(async () => {
      names = await this.#files.list(this.#directory);
    });
    return result === "failed" ? undefined : names;
  }

  listSync(): string[] | undefined {
    let names: string[] = [];
    const result = this.#trySync(() => {
      names = this.#files.listSync(this.#directory);
    });
    return result === "failed" ? undefined : names;
  }

  /** Reports that the directory cannot be created, or disappears as soon as it is created. */
  reportMissing(): void {
    this.#trouble.report(new Error("ENOENT: the directory cannot be created"));
  }

  /** Writes a file so that it is either complete or absent, even after a crash. */
  async write(temporary: string, data: Buffer): Promise<DiskResult> {
    const result = await this.#try(() => this.#files.write(this.#path(temporary), data));
    if (result === "failed") await this.discard(temporary);
    return result;
  }

  writeSync(temporary: string, data: Buffer): DiskResult {
    const result = this.#trySync(() => this.#files.writeSync(this.#path(temporary), data));
    if (result === "failed") this.#ignoreSync(() => this.#files.removeSync(this.#path(temporary)));
    return result;
  }

  /** Makes the last renames survive a power loss, if the platform supports that. */
  async syncNames(): Promise<void> {
    await this.#files.syncDirectory(this.#directory).catch(() => undefined);
  }

  move(from: string, to: string): Promise<DiskResult> {
    return this.#tryOne(() => this.#files.rename(this.#path(from), this.#path(to)));
  }

  moveSync(from: string, to: string): DiskResult {
    return this.#trySync(() => this.#files.renameSync(this.#path(from), this.#path(to)));
  }

  remove(name: string): Promise<DiskResult> {
    return this.#tryOne(() => this.#files.remove(this.#path(name)));
  }

  removeSync(name: string): DiskResult {
    return this.#trySync(() => this.#files.removeSync(this.#path(name)));
  }

  /** Removes a file that is no longer needed; failures are ignored. */
  async discard(name: string): Promise<void> {
    await this.#files.remove(this.#path(name)).catch(() => undefined);
  }

  async read(name: string, expectedBytes: number): Promise<ReadResult> {
    try {
      const data = await this.#files.read(this.#path(name), expectedBytes);
      return data === undefined ? { result: "unreadable" } : { result: "done", data };
    } catch (error) {
      if (UNREADABLE.has(errorCode(error))) return { result: "unreadable" };
      return { result: this.#resultOf(error) };
    }
  }

  readSync(name: string, expectedBytes: number): Buffer | undefined {
    try {
      return this.#files.readRegularSync(this.#path(name), expectedBytes);
    } catch {
      return undefined;
    }
  }

  async inspect(name: string): Promise<Inspected> {
    try {
      return await this.#files.inspect(this.#path(name));
    } catch (error) {
      return this.#resultOf(error);
    }
  }

  inspectSync(name: string): Inspected {
    try {
      return this.#files.inspectSync(this.#path(name));
    } catch (error) {
      return this.#resultOf(error);
    }
  }

  /**
   * Returns the identity of the directory, which changes when it is replaced; `GONE` if there is none, undefined if it is
   * unknown.
   */
  async identity(): Promise<string | undefined> {
    return this.#files.identity(this.#directory).catch(identityAfter);
  }

  identitySync(): string | undefined {
    try {
      return this.#files.identitySync(this.#directory);
    } catch (error) {
      return identityAfter(error);
    }
  }

  /** Returns the time at which a file was claimed; undefined if unknown. */
  async claimedAt(name: string): Promise<number | undefined> {
    return this.#files.modifiedMillis(this.#path(name)).catch(() => undefined);
  }

  touch(name: string, millis: number): Promise<DiskResult> {
    return this.#tryOne(() => this.#files.setModified(this.#path(name), millis));
  }

  // Not `path.join`, which takes longer than the file operation itself.
  #path(name: string): string {
    return `${this.#directory}/${name}`;
  }

  async #try(run: () => Promise<void>): Promise<DiskResult> {
    try {
      await run();
      return "done";
    } catch (error) {
      return this.#resultOf(error);
    }
  }

  // If a single file is not permitted but the directory is writable, that is not a failure of the directory.
  async #tryOne(run: () => Promise<void>): Promise<DiskResult> {
    try {
      await run();
      return "done";
    } catch (error) {
      const isRefused = NOT_PERMITTED.has(errorCode(error)) && (await this.#isWritable());
      return isRefused ? "refused" : this.#resultOf(error);
    }
  }

  async #isWritable(): Promise<boolean> {
    try {
      await this.#files.checkWritable(this.#directory);
      return true;
    } catch {
      return false;
    }
  }

  #trySync(run: () => void): DiskResult {
    try {
      run();
      return "done";
    } catch (error) {
      return this.#resultOf(error);
    }
  }

  #ignoreSync(run: () => void): void {
    try {
      run();
    } catch {
      // The next scan of the directory will find the file.
    }
  }

  #resultOf(error: unknown): DiskResult & ("failed" | "missing") {
    if (errorCode(error) === "ENOENT") return "missing";
    this.#trouble.report(error);
    return "failed";
  }
}

function identityAfter(error: unknown): string | undefined {
  const code = errorCode(error);
  return code === "ENOENT" || code === "ENOTDIR" ? GONE : undefined;
}

/** Logs once that a file belongs to another user. */
export function reportForeign(diagnostics: Diagnostics, base: string): void {
  diagnostics.warnOnce(
    "spool-foreign",
    `the spool directory contains a file that this process may not access; it is ignored: ${base}. Give each user a directory of its own, or remove the file`,
  );
}
