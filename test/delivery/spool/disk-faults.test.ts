import { chmod, mkdir, rm, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";

import fc from "fast-check";
import { describe, expect, it } from "vitest";

import type { SpoolFiles } from "../../../src/delivery/spool/spool-files.js";
import { systemFiles } from "../../../src/delivery/spool/spool-files.js";
import { envelopeOf, sumOf } from "../support.js";
import { NO_LIMIT, drain, namesIn, spoolDirectory, spoolIn } from "./spool-support.js";
import { times } from "../../property/runs.js";

type Method = keyof SpoolFiles;

/** A disk of which some calls fail, as long as the test says so. */
function failingFiles(
  fails: (method: Method) => string | undefined,
): SpoolFiles & { calls: number } {
  let calls = 0;
  const check = (method: Method): void => {
    calls += 1;
    const code = fails(method);
    if (code !== undefined) throw Object.assign(new Error(`${code}: ${method}`), { code });
  };
  const later = async <T>(method: Method, run: () => Promise<T>): Promise<T> => {
    check(method);
    return run();
  };
  const now = <T>(method: Method, run: () => T): T => {
    check(method);
    return run();
  };
  return {
    get calls() {
      return calls;
    },
    makeDirectory: (path) => later("makeDirectory", () => systemFiles.makeDirectory(path)),
    makeDirectorySync: (path) =>
      now("makeDirectorySync", () => systemFiles.makeDirectorySync(path)),
    list: (path) => later("list", () => systemFiles.list(path)),
    listSync: (path) => now("listSync", () => systemFiles.listSync(path)),
    // A disk gets full in the middle of a file.
    write: async (path, data) => {
      const code = fails("write");
      if (code !== undefined) await systemFiles.write(path, data.subarray(0, data.length / 2));
      return later("write", () => systemFiles.write(path, data));
    },
    writeSync(path, data) {
      if (fails("writeSync") !== undefined) {
        systemFiles.writeSync(path, data.subarray(0, data.length / 2));
      }
      now("writeSync", () => systemFiles.writeSync(path, data));
    },
    syncDirectory: (path) => later("syncDirectory", () => systemFiles.syncDirectory(path)),
    rename: (from, to) => later("rename", () => systemFiles.rename(from, to)),
    renameSync: (from, to) => now("renameSync", () => systemFiles.renameSync(from, to)),
    remove: (path) => later("remove", () => systemFiles.remove(path)),
    removeSync: (path) => now("removeSync", () => systemFiles.removeSync(path)),
    read: (path, bytes) => later("read", () => systemFiles.read(path, bytes)),
    readRegularSync: (path, bytes) => systemFiles.readRegularSync(path, bytes),
    inspect: (path) => later("inspect", () => systemFiles.inspect(path)),
    inspectSync: (path) => now("inspect", () => systemFiles.inspectSync(path)),
    checkWritable: (path) => systemFiles.checkWritable(path),
    identity: (path) => systemFiles.identity(path),
    identitySync: (path) => systemFiles.identitySync(path),
    readSync: (path) => systemFiles.readSync(path),
    readLinkSync: (path) => systemFiles.readLinkSync(path),
    modifiedMillis: (path) => later("modifiedMillis", () => systemFiles.modifiedMillis(path)),
    setModified: (path, millis) =>
      later("setModified", () => systemFiles.setModified(path, millis)),
  };
}

describe("a disk that refuses to write", () => {
  const faults: [string, Method[]][] = [
    ["ENOSPC", ["write", "writeSync"]],
    ["EROFS", ["makeDirectory", "makeDirectorySync"]],
    ["EROFS", ["write", "writeSync"]],
    ["EACCES", ["list", "listSync"]],
    ["EIO", ["rename", "renameSync"]],
    ["EMFILE", ["list", "write", "writeSync"]],
    ["EDQUOT", ["write", "writeSync"]],
  ];

  it.each(faults)(
    "with %s at %s is reported once, not used for a minute, then used again",
    async (code, methods) => {
      const directory = await spoolDirectory();
      let isBroken = true;
      let now = Date.now();
      const files = failingFiles((method) =>
        isBroken && methods.includes(method) ? code : undefined,
      );
      const spool = spoolIn(directory, { files, now: () => now });

      expect(spool.isUsable).toBe(true);
      expect(await spool.keep(envelopeOf("error"))).toBe(false);
      expect(spool.isUsable).toBe(false);
      const { calls } = files;
      for (let count = 0; count < 5; count += 1) {
        expect(await spool.keep(envelopeOf("error"))).toBe(false);
        expect(spool.keepSync(envelopeOf("error"))).toBe(false);
      }
      expect(files.calls).toBe(calls);
      expect(spool.warnings).toHaveLength(1);
      expect(spool.counts()).toEqual({ spooled: {}, files: 0, bytes: 0 });
      expect(await namesIn(directory)).toEqual([]);

      now += 61_000;
      expect(spool.keepSync(envelopeOf("error"))).toBe(false);
      isBroken = false;
      now += 61_000;
      expect(await spool.keep(envelopeOf("error"))).toBe(true);
      expect(spool.keepSync(envelopeOf("error"))).toBe(true);
      expect(await drain(spool)).toHaveLength(2);
      expect(spool.warnings).toHaveLength(1);
    },
  );

  it("can still be read from, which makes room", async () => {
    const directory = await spoolDirectory();
    let isFull = false;
    const files = failingFiles((method) => (isFull && method === "write" ? "ENOSPC" : undefined));
    const spool = spoolIn(directory, { files });
    await spool.keep(envelopeOf("error"));
    isFull = true;
    expect(await spool.keep(envelopeOf("error"))).toBe(false);
    expect(await drain(spool)).toHaveLength(1);
  });

  it("but does not support flushing names is used", async () => {
    const files = failingFiles((method) => (method === "syncDirectory" ? "EISDIR" : undefined));
    const spool = spoolIn(await spoolDirectory(), { files });
    expect(await spool.keep(envelopeOf("error"))).toBe(true);
    expect(spool.warnings).toEqual([]);
  });
});

describe("a disk that fails while envelopes are claimed", () => {
  const faults: [string, Method][] = [
    ["EIO", "list"],
    ["EIO", "setModified"],
    ["EROFS", "rename"],
    ["EMFILE", "read"],
  ];

  it.each(faults)("with %s at %s loses nothing", async (code, broken) => {
    let isBroken = false;
    let now = Date.now();
    const files = failingFiles((method) => (isBroken && method === broken ? code : undefined));
    const spool = spoolIn(await spoolDirectory(), { files, now: () => now });
    await spool.keep(envelopeOf("error"));
    await spool.keep(envelopeOf("transaction"));
    isBroken = true;
    now += 10_000;
    expect(await spool.claim(NO_LIMIT)).toBeUndefined();
    expect(await spool.claim(NO_LIMIT)).toBeUndefined();
    expect(spool.warnings).toHaveLength(1);
    expect(spool.counts().spooled).toEqual({ error: 1, transaction: 1 });
    isBroken = false;
    now += 61_000;
    expect(await drain(spool)).toHaveLength(2);
    expect(spool.counts()).toEqual({ spooled: {}, files: 0, bytes: 0 });
  });

  it("sends an envelope again whose file could not be removed, and counts it once", async () => {
    let isBroken = true;
    let now = Date.now();
    const files = failingFiles((method) => (isBroken && method === "remove" ? "EIO" : undefined));
    const spool = spoolIn(await spoolDirectory(), { files, now: () => now });
    await spool.keep(envelopeOf("error"));
    await (await spool.claim(NO_LIMIT))?.done();
    expect(spool.counts().spooled).toEqual({});
    isBroken = false;
    now += 11 * 60_000;
    expect((await drain(spool)).map(({ isOwn }) => isOwn)).toEqual([false]);
    expect(spool.counts()).toEqual({ spooled: {}, files: 0, bytes: 0 });
  });

  it("recovers an envelope that could not be put back", async () => {
    let isBroken = false;
    let now = Date.now();
    const files = failingFiles((method) => (isBroken && method === "rename" ? "EIO" : undefined));
    const spool = spoolIn(await spoolDirectory(), { files, now: () => now });
    await spool.keep(envelopeOf("error"));
    const claimed = await spool.claim(NO_LIMIT);
    isBroken = true;
    await claimed?.release();
    isBroken = false;
    now += 11 * 60_000;
    expect((await drain(spool)).map(({ isOwn }) => isOwn)).toEqual([true]);
    expect(spool.counts().spooled).toEqual({});
  });
});

describe("really", () => {
  it("a file at the path of the directory does no harm", async () => {
    const directory = await spoolDirectory();
    let now = Date.now();
    const spool = spoolIn(directory, { now: () => now });
    await mkdir(dirname(directory), { recursive: true });
    await writeFile(directory, "");
    expect(await spool.claim(NO_LIMIT)).toBeUndefined();
    expect(await spool.keep(envelopeOf())).toBe(false);
    expect(spool.keepSync(envelopeOf())).toBe(false);
    expect(spool.warnings).toHaveLength(1);
    await rm(directory);
    now += 61_000;
    expect(await spool.keep(envelopeOf())).toBe(true);
  });

  it("a directory below a file, or with an impossible name, does no harm", async () => {
    const parent = await spoolDirectory();
    await mkdir(dirname(parent), { recursive: true });
    await writeFile(parent, "");
    for (const directory of [join(parent, "below"), "/proc/none/spool", "\0", "x".repeat(5000)]) {
      const spool = spoolIn(directory);
      expect(spool.keepSync(envelopeOf())).toBe(false);
      expect(await spool.keep(envelopeOf())).toBe(false);
      expect(await spool.claim(NO_LIMIT)).toBeUndefined();
      expect(spool.warnings).toHaveLength(1);
    }
  });

  it("a directory that may not be written does no harm", async () => {
    const directory = await spoolDirectory();
    await mkdir(directory, { recursive: true });
    await chmod(directory, 0o500);
    const spool = spoolIn(directory);
    // The superuser may write everywhere.
    const isKept = process.getuid?.() === 0;
    expect(await spool.keep(envelopeOf())).toBe(isKept);
    expect(spool.warnings).toHaveLength(isKept ? 0 : 1);
  });
});

it("whatever fails and when: nothing is thrown, and each envelope is counted exactly once", async () => {
  const methods = Object.keys(systemFiles) as Method[];
  const broken = fc.array(fc.subarray(methods, { maxLength: 2 }), { maxLength: 25 });
  await fc.assert(
    fc.asyncProperty(
      broken,
      fc.constantFrom("EIO", "ENOSPC", "ENOENT", "EACCES"),
      async (phases, code) => {
        let now = 1e12;
        let failing: readonly Method[] = [];
        const files = failingFiles((method) => (failing.includes(method) ? code : undefined));
        const spool = spoolIn(await spoolDirectory(), { files, now: () => now, maxFiles: 4 });
        let captured = 0;
        let delivered = 0;
        for (const [index, phase] of phases.entries()) {
          failing = phase;
          now += 61_000;
          const envelope = envelopeOf("error");
          const isKept = index % 2 === 0 ? await spool.keep(envelope) : spool.keepSync(envelope);
          if (isKept) captured += 1;
          const claimed = index % 3 === 0 ? await spool.claim(NO_LIMIT) : undefined;
          if (claimed?.isOwn === true && index % 2 === 0) delivered += 1;
          await (index % 2 === 0 ? claimed?.done() : claimed?.release());
          const booked = sumOf(spool.counts().spooled, spool.losses())["error"] ?? 0;
          expect(booked + delivered).toBe(captured);
        }
      },
    ),
    times(500),
  );
});
