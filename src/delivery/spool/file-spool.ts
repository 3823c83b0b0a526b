import type { DiscardRecorder } from "../../client-reports/ledger.js";
import type { Diagnostics } from "../../support/diagnostics.js";
import type { DataCategory } from "../../protocol/data-category.js";
import type { CheckInState, EncodedEnvelope } from "../../protocol/envelope.js";
import { DiskTrouble } from "./disk-trouble.js";
import { SpoolDisk } from "./spool-disk.js";
import type { Holder } from "./holder.js";
import { createHolder } from "./holder.js";
import type { Spool, SpoolCounts, SpooledEnvelope } from "./spool.js";
import type { ForeignLoss } from "./spool-accounting.js";
import { SpoolAccounting } from "./spool-accounting.js";
import { SpoolClaims } from "./spool-claims.js";
import { SpoolEvictions } from "./spool-evictions.js";
import type { SpoolFiles } from "./spool-files.js";
import { systemFiles } from "./spool-files.js";
import { SpoolIndex } from "./spool-index.js";
import { SpoolScans } from "./spool-scans.js";
import { SpoolWriter } from "./spool-writer.js";
import { nodeCrypto } from "../../support/built-ins.js";

/** Dependencies and bounds of a spool. */
export interface SpoolSettings {
  /** Created by `prepare`, or at first use. Several processes of the same DSN may share it. */
  readonly directory: string;
  /** Maximum bytes in the files of all processes. Default 50 MiB. */
  readonly maxBytes?: number | undefined;
  /** Maximum number of files of all processes. Default 10,000. */
  readonly maxFiles?: number | undefined;
  /** Age after which an envelope is dropped. Default 24 hours. */
  readonly maxAgeMillis?: number | undefined;
  readonly recorder: DiscardRecorder;
  readonly diagnostics: Diagnostics;
  /** Called with losses of envelopes that other processes spooled; by default they are not reported. */
  readonly onForeignLoss?: ForeignLoss | undefined;
  /** Wall clock, which processes share, in milliseconds since 1970; default `Date.now`. */
  readonly now?: (() => number) | undefined;
  /** File operations; default: those of Node. */
  readonly files?: SpoolFiles | undefined;
  /** Identity of this process; default: determined at the first use. */
  readonly holder?: Holder | undefined;
  /** 16 hex digits that are unique to this spool; default: random. */
  readonly writer?: string | undefined;
}

const DEFAULT_MAX_BYTES = 50 * 1024 * 1024;
const DEFAULT_MAX_FILES = 10_000;
const DEFAULT_MAX_AGE_MILLIS = 24 * 60 * 60 * 1000;

/**
 * Creates a spool that keeps each envelope as one file in a directory. Processes may share the directory; there is no
 * daemon and no lock. The disk is not touched before `prepare` or the first use. One process never exceeds the bounds;
 * several processes may exceed them by what they write between two scans of the directory (every 0.05 to 5 seconds),
 * until one of them scans it again.
 */
export function createSpool(settings: SpoolSettings): Spool {
  return new FileSpool(settings);
}

interface SpoolComponents {
  readonly writer: SpoolWriter;
  readonly claims: SpoolClaims;
  readonly scans: SpoolScans;
  readonly evictions: SpoolEvictions;
}

class FileSpool implements Spool {
  readonly #settings: SpoolSettings;
  readonly #index: SpoolIndex;
  readonly #accounting: SpoolAccounting;
  // Separate for reading: a full disk must not stop it.
  readonly #readTrouble: DiskTrouble;
  readonly #writeTrouble: DiskTrouble;
  #preparation: Promise<void> | undefined;
  #lazyComponents: SpoolComponents | undefined;

  constructor(settings: SpoolSettings) {
    const { directory, recorder, diagnostics, now = Date.now, onForeignLoss = () => {} } = settings;
    this.#settings = settings;
    this.#index = new SpoolIndex({
      maxBytes: settings.maxBytes ?? DEFAULT_MAX_BYTES,
      maxFiles: settings.maxFiles ?? DEFAULT_MAX_FILES,
    });
    this.#accounting = new SpoolAccounting(recorder, onForeignLoss);
    this.#readTrouble = new DiskTrouble({ directory, diagnostics, now });
    this.#writeTrouble = new DiskTrouble({ directory, diagnostics, now });
  }

  get isUsable(): boolean {
    return !this.#writeTrouble.isResting && !this.#readTrouble.isResting;
  }

  prepare(): Promise<void> {
    return (this.#preparation ??= this.#prepare());
  }

  async #prepare(): Promise<void> {
    const { directory, files = systemFiles } = this.#settings;
    try {
      await files.makeDirectory(directory);
      // With this path, a plain file in place of the directory is an error.
      await files.checkWritable(`${directory}/.`);
    } catch (error) {
      this.#writeTrouble.reportAtStart(error);
    }
  }

  async keep(envelope: EncodedEnvelope): Promise<boolean> {
    if (!this.#takes(envelope)) return false;
    try {
      return this.#written(await this.#components().writer.write(envelope));
    } catch (error) {
      this.#writeTrouble.report(error);
      return false;
    }
  }

  keepSync(envelope: EncodedEnvelope): boolean {
    if (!this.#takes(envelope)) return false;
    try {
      return this.#written(this.#components().writer.writeSync(envelope));
    } catch (error) {
      this.#writeTrouble.report(error);
      return false;
    }
  }

  async claim(
    isLimited: (category: DataCategory) => boolean,
  ): Promise<SpooledEnvelope | undefined> {
    // The first failure decides how the directory is reported, so wait for it.
    await this.#preparation;
    if (this.#readTrouble.isResting) return undefined;
    try {
      return await this.#claim(isLimited);
    } catch (error) {
      this.#readTrouble.report(error);
      return undefined;
    }
  }

  holdsCheckIn(id: string): boolean {
    return this.#accounting.checkInsOf(id).size > 0;
  }

  async supersede(checkIn: CheckInState): Promise<boolean> {
    try {
      return await this.#components().evictions.supersede(checkIn);
    } catch (error) {
      this.#writeTrouble.report(error);
      return false;
    }
  }

  counts(): SpoolCounts {
    return {
      spooled: this.#accounting.spooled(),
      files: this.#index.files,
      bytes: this.#index.bytes,
    };
  }

  // Client reports are not spooled: the protocol does not require that they are kept.
  #takes({ category }: EncodedEnvelope): boolean {
    return category !== "internal" && this.isUsable;
  }

  async #claim(
    isLimited: (category: DataCategory) => boolean,
  ): Promise<SpooledEnvelope | undefined> {
    const { claims, scans } = this.#components();
    const wasFresh = scans.isFresh;
    if (!(await scans.ifStale())) return undefined;
    const spooled = await claims.next(isLimited);
    if (this.#readTrouble.isResting) scans.diskFailed();
    if (spooled !== undefined || !wasFresh || this.#readTrouble.isResting) return spooled;
    return (await scans.again()) ? claims.next(isLimited) : undefined;
  }

  #written(isKept: boolean): boolean {
    if (this.#writeTrouble.isResting) this.#components().scans.diskFailed();
    return isKept;
  }

  #components(): SpoolComponents {
    this.#lazyComponents ??= this.#createComponents();
    return this.#lazyComponents;
  }

  #createComponents(): SpoolComponents {
    const { directory, diagnostics, now = Date.now, files = systemFiles } = this.#settings;
    const { maxAgeMillis = DEFAULT_MAX_AGE_MILLIS } = this.#settings;
    const { holder = createHolder(files), writer = newWriter() } = this.#settings;
    const index = this.#index;
    const accounting = this.#accounting;
    const reading = new SpoolDisk({ directory, files, trouble: this.#readTrouble });
    const writing = new SpoolDisk({ directory, files, trouble: this.#writeTrouble });
    const evictions = new SpoolEvictions({ disk: writing, index, accounting, diagnostics });
    const claims = new SpoolClaims({ disk: reading, index, accounting, holder, diagnostics, now });
    const scans = new SpoolScans({
      disk: reading,
      index,
      accounting,
      evictions,
      holder,
      maxAgeMillis,
      diagnostics,
      now,
      isHeldHere: (base) => claims.isHeld(base),
    });
    const shared = {
      disk: writing,
      index,
      accounting,
      evictions,
      scans,
      holder,
      writer,
      maxAgeMillis,
      now,
    };
    return { claims, scans, evictions, writer: new SpoolWriter(shared) };
  }
}

function newWriter(): string {
  return nodeCrypto().randomBytes(8).toString("hex");
}
