import { randomBytes } from "node:crypto";

import type { DiscardRecorder } from "../../client-reports/ledger.js";
import type { Diagnostics } from "../../support/diagnostics.js";
import type { DataCategory } from "../../protocol/data-category.js";
import type { CheckInState, EncodedEnvelope } from "../../protocol/envelope.js";
import { DiskTrouble } from "./disk-trouble.js";
import type { Holder } from "./holder.js";
import { createHolder } from "./holder.js";
import type { Spool, SpoolCounts, SpooledEnvelope } from "./spool.js";
import type { ForeignLoss } from "./spool-books.js";
import { SpoolBooks } from "./spool-books.js";
import { SpoolClaims } from "./spool-claims.js";
import { SpoolDisk } from "./spool-disk.js";
import { SpoolEvictions } from "./spool-evictions.js";
import type { SpoolFiles } from "./spool-files.js";
import { systemFiles } from "./spool-files.js";
import { SpoolIndex } from "./spool-index.js";
import { SpoolLooks } from "./spool-looks.js";
import { SpoolWriter } from "./spool-writer.js";

/** What a spool is made of. */
export interface SpoolSettings {
  /** Created when it is needed first. Processes of the same DSN may share it. */
  readonly directory: string;
  /** Bytes of all files at most, over all processes. Default 50 MiB. */
  readonly maxBytes?: number | undefined;
  /** Files at most, over all processes. Default 10,000. */
  readonly maxFiles?: number | undefined;
  /** Age after which an envelope is given up. Default 24 hours. */
  readonly maxAgeMillis?: number | undefined;
  readonly recorder: DiscardRecorder;
  readonly diagnostics: Diagnostics;
  /** Told what was lost of another process; default: nobody. */
  readonly onForeignLoss?: ForeignLoss | undefined;
  /** Milliseconds since the epoch by the wall clock, which other processes share; default `Date.now`. */
  readonly now?: (() => number) | undefined;
  /** The disk; default: the real one. */
  readonly files?: SpoolFiles | undefined;
  /** Who this process is; default: found out at the first use. */
  readonly holder?: Holder | undefined;
  /** 16 hex digits that no other spool has; default: random. */
  readonly writer?: string | undefined;
}

const DEFAULT_MAX_BYTES = 50 * 1024 * 1024;
const DEFAULT_MAX_FILES = 10_000;
const DEFAULT_MAX_AGE_MILLIS = 24 * 60 * 60 * 1000;

/**
 * Keeps envelopes as files in a directory, one file each. Several processes may share it without a
 * daemon or a lock. Nothing on the disk is touched before the first use. The bounds hold at any
 * time for one process; several may exceed them by what they write between two looks at the
 * directory (0.05 to 5 seconds), until the next look of one of them.
 */
export function createSpool(settings: SpoolSettings): Spool {
  return new FileSpool(settings);
}

interface SpoolParts {
  readonly writer: SpoolWriter;
  readonly claims: SpoolClaims;
  readonly looks: SpoolLooks;
  readonly evictions: SpoolEvictions;
}

class FileSpool implements Spool {
  readonly #settings: SpoolSettings;
  readonly #index: SpoolIndex;
  readonly #books: SpoolBooks;
  // Apart, because a full disk is no reason not to send what is on it.
  readonly #readTrouble: DiskTrouble;
  readonly #writeTrouble: DiskTrouble;
  #lazyParts: SpoolParts | undefined;

  constructor(settings: SpoolSettings) {
    const { recorder, diagnostics, now = Date.now, onForeignLoss = () => {} } = settings;
    this.#settings = settings;
    this.#index = new SpoolIndex({
      maxBytes: settings.maxBytes ?? DEFAULT_MAX_BYTES,
      maxFiles: settings.maxFiles ?? DEFAULT_MAX_FILES,
    });
    this.#books = new SpoolBooks(recorder, onForeignLoss);
    this.#readTrouble = new DiskTrouble(diagnostics, now);
    this.#writeTrouble = new DiskTrouble(diagnostics, now);
  }

  get isUsable(): boolean {
    return !this.#writeTrouble.isResting && !this.#readTrouble.isResting;
  }

  async keep(envelope: EncodedEnvelope): Promise<boolean> {
    if (!this.#takes(envelope)) return false;
    try {
      return await this.#parts().writer.write(envelope);
    } catch (error) {
      this.#writeTrouble.report(error);
      return false;
    }
  }

  keepSync(envelope: EncodedEnvelope): boolean {
    if (!this.#takes(envelope)) return false;
    try {
      return this.#parts().writer.writeSync(envelope);
    } catch (error) {
      this.#writeTrouble.report(error);
      return false;
    }
  }

  async claim(
    isLimited: (category: DataCategory) => boolean,
  ): Promise<SpooledEnvelope | undefined> {
    if (this.#readTrouble.isResting) return undefined;
    try {
      return await this.#claim(isLimited);
    } catch (error) {
      this.#readTrouble.report(error);
      return undefined;
    }
  }

  holdsCheckIn(id: string): boolean {
    return this.#books.checkInsOf(id).size > 0;
  }

  async supersede(checkIn: CheckInState): Promise<boolean> {
    try {
      return await this.#parts().evictions.supersede(checkIn);
    } catch (error) {
      this.#writeTrouble.report(error);
      return false;
    }
  }

  counts(): SpoolCounts {
    return { spooled: this.#books.spooled(), files: this.#index.files, bytes: this.#index.bytes };
  }

  // A client report that is late tells nothing new: the protocol keeps none.
  #takes({ category }: EncodedEnvelope): boolean {
    return category !== "internal" && this.isUsable;
  }

  async #claim(
    isLimited: (category: DataCategory) => boolean,
  ): Promise<SpooledEnvelope | undefined> {
    const { claims, looks } = this.#parts();
    const wasFresh = looks.isFresh;
    if (!(await looks.ifStale())) return undefined;
    const spooled = await claims.next(isLimited);
    if (spooled !== undefined || !wasFresh || this.#readTrouble.isResting) return spooled;
    return (await looks.again()) ? claims.next(isLimited) : undefined;
  }

  #parts(): SpoolParts {
    this.#lazyParts ??= this.#createParts();
    return this.#lazyParts;
  }

  #createParts(): SpoolParts {
    const { directory, diagnostics, now = Date.now, files = systemFiles } = this.#settings;
    const { maxAgeMillis = DEFAULT_MAX_AGE_MILLIS } = this.#settings;
    const { holder = createHolder(files), writer = randomBytes(8).toString("hex") } =
      this.#settings;
    const index = this.#index;
    const books = this.#books;
    const reading = new SpoolDisk({ directory, files, trouble: this.#readTrouble });
    const writing = new SpoolDisk({ directory, files, trouble: this.#writeTrouble });
    const evictions = new SpoolEvictions({ disk: writing, index, books, diagnostics });
    const claims = new SpoolClaims({ disk: reading, index, books, holder, diagnostics, now });
    const looks = new SpoolLooks({
      disk: reading,
      index,
      books,
      evictions,
      holder,
      maxAgeMillis,
      diagnostics,
      now,
      isHeldHere: (base) => claims.isHeld(base),
    });
    const parts = {
      disk: writing,
      index,
      books,
      evictions,
      looks,
      holder,
      writer,
      maxAgeMillis,
      now,
    };
    return { claims, looks, evictions, writer: new SpoolWriter(parts) };
  }
}
