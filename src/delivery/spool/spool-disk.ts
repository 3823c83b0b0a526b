import type { DiskTrouble } from "./disk-trouble.js";
import { systemErrorCode } from "../../support/foreign.js";
import type { FileKind, SpoolFiles } from "./spool-files.js";

/**
 * - `missing`: the file is not there, because another process was faster; that is no failure
 * - `refused`: this file is not ours to touch; the directory is
 */
export type DiskResult = "done" | "failed" | "missing" | "refused";

/** What a file holds, or why it was not read. */
export type ReadResult =
  | { readonly result: "done"; readonly data: Buffer }
  /** It is not as long as its name says, or not for this user. */
  | { readonly result: "unreadable" }
  | { readonly result: "failed" | "missing" };

/** What a name stands for. */
export type Inspected = FileKind | "failed" | "missing";

/** Where a spool's files are, and what a failure there is told to. */
export interface SpoolDiskSettings {
  readonly directory: string;
  readonly files: SpoolFiles;
  readonly trouble: DiskTrouble;
}

// What a retry does not change, as the file itself is the reason.
const UNREADABLE: ReadonlySet<unknown> = new Set([
  "EACCES",
  "EISDIR",
  "ELOOP",
  "EMLINK",
  "ENXIO",
  "EOPNOTSUPP",
  "EPERM",
]);

// Of a file of another user, in a directory that protects it, or of the whole directory.
const NOT_PERMITTED: ReadonlySet<unknown> = new Set(["EACCES", "EISDIR", "EPERM"]);

/** The spool's directory, with results instead of exceptions. No method throws or rejects. */
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

  /** The names in the directory; none where there is no directory, undefined on a failure. */
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

  /** Reports a directory that cannot be created, or is gone as soon as it is. */
  reportMissing(): void {
    this.#trouble.report(new Error("ENOENT: the directory cannot be created"));
  }

  /** Writes a file so that it is there whole or not at all, also after a crash. */
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

  /** Makes the last renames outlive a power loss, where the platform can do that. */
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

  /** Removes what is of no use; it does not matter whether that works. */
  async discard(name: string): Promise<void> {
    await this.#files.remove(this.#path(name)).catch(() => undefined);
  }

  async read(name: string, expectedBytes: number): Promise<ReadResult> {
    try {
      const data = await this.#files.read(this.#path(name), expectedBytes);
      return data === undefined ? { result: "unreadable" } : { result: "done", data };
    } catch (error) {
      if (UNREADABLE.has(systemErrorCode(error))) return { result: "unreadable" };
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

  /** Tells the directory from another one of its name; undefined where there is none. */
  async identity(): Promise<string | undefined> {
    return this.#files.identity(this.#directory).catch(() => undefined);
  }

  identitySync(): string | undefined {
    try {
      return this.#files.identitySync(this.#directory);
    } catch {
      return undefined;
    }
  }

  /** When a file was claimed; undefined where that cannot be told. */
  async claimedAt(name: string): Promise<number | undefined> {
    return this.#files.modifiedMillis(this.#path(name)).catch(() => undefined);
  }

  touch(name: string, millis: number): Promise<DiskResult> {
    return this.#tryOne(() => this.#files.setModified(this.#path(name), millis));
  }

  // Names are put together by hand: `path.join` is slower than the call that follows.
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

  // What is not permitted for one file, in a directory that permits others, is no trouble of the directory.
  async #tryOne(run: () => Promise<void>): Promise<DiskResult> {
    try {
      await run();
      return "done";
    } catch (error) {
      const isRefused = NOT_PERMITTED.has(systemErrorCode(error)) && (await this.#isWritable());
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
      // Whoever looks at the directory next finds it.
    }
  }

  #resultOf(error: unknown): DiskResult & ("failed" | "missing") {
    if (systemErrorCode(error) === "ENOENT") return "missing";
    this.#trouble.report(error);
    return "failed";
  }
}
