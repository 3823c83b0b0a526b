import { Turns } from "../../support/collections.js";
import type { EncodedEnvelope } from "../../protocol/envelope.js";
import { fileHeader, spoolEntryOf, temporaryName } from "./file-format.js";
import type { SpoolEntry } from "./file-format.js";
import type { Holder } from "./holder.js";
import type { SpoolAccounting } from "./spool-accounting.js";
import type { DiskResult, SpoolDisk } from "./spool-disk.js";
import type { SpoolEvictions } from "./spool-evictions.js";
import type { SpoolIndex } from "./spool-index.js";
import type { SpoolScans } from "./spool-scans.js";

/** Dependencies of `SpoolWriter`. */
interface SpoolWriterSettings {
  readonly disk: SpoolDisk;
  readonly index: SpoolIndex;
  readonly accounting: SpoolAccounting;
  readonly evictions: SpoolEvictions;
  readonly scans: SpoolScans;
  readonly holder: Holder;
  readonly writer: string;
  readonly now: () => number;
  /** Age after which a file is dropped. */
  readonly maxAgeMillis: number;
}

interface Write {
  readonly entry: SpoolEntry;
  readonly header: Buffer;
  readonly envelope: EncodedEnvelope;
  /** True once the file is written, possibly by the synchronous write at process exit. */
  isDone: boolean;
}

// More concurrent writes do not make a disk faster, and occupy threads of the pool that the application needs.
const WRITES_AT_A_TIME = 4;

/** Writes envelopes into the directory, each under a temporary name first, so that no reader sees a partial file. */
export class SpoolWriter {
  readonly #settings: SpoolWriterSettings;
  readonly #turns = new Turns(WRITES_AT_A_TIME);
  readonly #writes = new Map<EncodedEnvelope, Write>();
  #sequence = 0;
  #hasDirectory = false;

  constructor(settings: SpoolWriterSettings) {
    this.#settings = settings;
  }

  /** Resolves to true if the envelope was written. */
  async write(envelope: EncodedEnvelope): Promise<boolean> {
    const write = this.#begin(envelope);
    this.#writes.set(envelope, write);
    try {
      return await this.#turns.run(() => this.#finish(write));
    } finally {
      this.#writes.delete(envelope);
    }
  }

  /**
   * Writes synchronously and without flushing, since the end of a process is not a power loss. An envelope whose
   * asynchronous write is in progress keeps its name, so that only one file of it results.
   */
  writeSync(envelope: EncodedEnvelope): boolean {
    const write = this.#writes.get(envelope) ?? this.#begin(envelope);
    if (write.isDone) return true;
    if (!this.#openSync() || !this.#settings.evictions.makeRoomSync(write)) return false;
    const result = this.#storeSync(write);
    if (result === "done") this.#stored(write);
    else this.#settings.index.drop(write.entry.base);
    return result === "done";
  }

  #begin(envelope: EncodedEnvelope): Write {
    const { now, writer, maxAgeMillis } = this.#settings;
    const header = fileHeader(envelope, writer);
    this.#sequence += 1;
    const entry = spoolEntryOf({
      category: envelope.category,
      id: envelope.eventId ?? envelope.checkIn?.id,
      timeMillis: Math.min(now(), (envelope.expiresAtMillis ?? Infinity) - maxAgeMillis),
      bytes: header.length + envelope.body.length,
      writer,
      sequence: this.#sequence,
    });
    return { entry, header, envelope, isDone: false };
  }

  async #finish(write: Write): Promise<boolean> {
    const { index, scans, evictions } = this.#settings;
    if (write.isDone) return true;
    if (!(await scans.ifStale()) || !(await this.#open())) return write.isDone;
    const hasRoom = await evictions.makeRoom(write, () => !write.isDone);
    if (!hasRoom) return write.isDone;
    const isStored = (await this.#storeOrReopen(write)) === "done";
    if (isStored) this.#stored(write);
    else if (!write.isDone) index.drop(write.entry.base);
    return write.isDone;
  }

  // Adds the written file to the accounting, once.
  #stored(write: Write): void {
    if (write.isDone) return;
    write.isDone = true;
    this.#settings.index.put(write.entry, "waiting");
    this.#settings.accounting.enter(write.entry.base, write.envelope);
  }

  // The directory may have been removed in the meantime.
  async #storeOrReopen(write: Write): Promise<DiskResult> {
    const result = await this.#store(write);
    if (result !== "missing" || write.isDone) return result;
    this.#hasDirectory = false;
    await this.#settings.scans.again();
    const again = (await this.#open()) ? await this.#store(write) : "failed";
    if (again === "missing") this.#settings.disk.reportMissing();
    return again;
  }

  async #store(write: Write): Promise<DiskResult> {
    const { disk, holder } = this.#settings;
    const { base } = write.entry;
    const temporary = temporaryName(base, holder.tag, "tmp");
    const written = await disk.write(temporary, bytesOf(write));
    if (write.isDone || written !== "done") {
      await disk.discard(temporary);
      return written;
    }
    const moved = await disk.move(temporary, base);
    if (moved === "done") await disk.syncNames();
    else await disk.discard(temporary);
    return moved;
  }

  #storeSync(write: Write): DiskResult {
    const { disk, holder } = this.#settings;
    const temporary = temporaryName(write.entry.base, holder.tag, "exit");
    const data = bytesOf(write);
    let written = disk.writeSync(temporary, data);
    if (written === "missing") this.#settings.scans.countGoneSync();
    if (written === "missing" && disk.makeDirectorySync() === "done")
      written = disk.writeSync(temporary, data);
    if (written === "missing") disk.reportMissing();
    return written === "done" ? disk.moveSync(temporary, write.entry.base) : written;
  }

  async #open(): Promise<boolean> {
    this.#hasDirectory ||= (await this.#settings.disk.makeDirectory()) === "done";
    return this.#hasDirectory;
  }

  #openSync(): boolean {
    this.#hasDirectory ||= this.#settings.disk.makeDirectorySync() === "done";
    return this.#hasDirectory && this.#settings.scans.ifStaleSync();
  }
}

// Copied as late as possible: `sent_at` may be set while the disk is slow.
function bytesOf({ header, envelope }: Write): Buffer {
  return Buffer.concat([header, envelope.body]);
}
