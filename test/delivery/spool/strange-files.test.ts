import { execFile } from "node:child_process";
import {
  mkdir,
  rename,
  rm,
  symlink,
  truncate,
  utimes,
  writeFile,
  lstat,
  readFile,
} from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";

import { describe, expect, it } from "vitest";

import type { SpoolFiles } from "../../../src/delivery/spool/spool-files.js";
import { systemFiles } from "../../../src/delivery/spool/spool-files.js";
import { envelopeOf } from "../support.js";
import { drain, namesIn, spoolDirectory, spoolIn } from "./spool-support.js";

const HUGE = "99999999999";

// A name that comes first in the directory.
function strangeName(bytes = "400"): string {
  return `1-00000000000001-${"a".repeat(16)}-00000001-error-${bytes}-${"b".repeat(32)}.envelope`;
}

const KINDS: Readonly<Record<string, (path: string) => Promise<unknown>>> = {
  "a named pipe": (path) => promisify(execFile)("mkfifo", [path]),
  "a directory": (path) => mkdir(path),
  "a link to a file outside": async (path) => {
    await writeFile(`${path}.target`, "x".repeat(400));
    await symlink(`${path}.target`, path);
  },
  "a link to nothing": (path) => symlink("/nonexistent", path),
};

function permitting(code: string, methods: readonly (keyof SpoolFiles)[]): SpoolFiles {
  const refuse = (path: string): Promise<never> | undefined =>
    path.includes("b".repeat(32))
      ? Promise.reject(Object.assign(new Error(code), { code }))
      : undefined;
  return {
    ...systemFiles,
    ...(methods.includes("setModified") && {
      setModified: (path, millis) => refuse(path) ?? systemFiles.setModified(path, millis),
    }),
    ...(methods.includes("rename") && {
      rename: (from, to) => refuse(from) ?? systemFiles.rename(from, to),
    }),
    ...(methods.includes("remove") && {
      remove: (path) => refuse(path) ?? systemFiles.remove(path),
    }),
  };
}

describe("an entry that is not a regular file", () => {
  it.each(Object.keys(KINDS))(
    "is set aside with one warning, and stops no other: %s",
    async (kind) => {
      const directory = await spoolDirectory();
      await mkdir(directory, { recursive: true });
      await KINDS[kind]?.(join(directory, strangeName()));
      const spool = spoolIn(directory);
      expect(await spool.keep(envelopeOf("error"))).toBe(true);
      expect(await drain(spool)).toHaveLength(1);
      expect(await drain(spool)).toHaveLength(0);
      expect(spool.isUsable).toBe(true);
      expect(spool.warnings).toHaveLength(1);
      expect(spool.losses()).toEqual({});
    },
  );

  it("does not hang the end of the process: a named pipe in a full spool", async () => {
    const directory = await spoolDirectory();
    await mkdir(directory, { recursive: true });
    await promisify(execFile)("mkfifo", [join(directory, strangeName())]);
    const spool = spoolIn(directory, { maxFiles: 1 });
    expect(spool.keepSync(envelopeOf("error"))).toBe(true);
    expect(spool.keepSync(envelopeOf("monitor"))).toBe(true);
  });

  it("is not changed behind a link", async () => {
    const directory = await spoolDirectory();
    await mkdir(directory, { recursive: true });
    const target = join(directory, "..", "outside");
    await writeFile(target, "x".repeat(400));
    await utimes(target, 1000, 1000);
    await symlink(target, join(directory, strangeName()));
    await drain(spoolIn(directory));
    expect((await lstat(target)).mtimeMs).toBe(1_000_000);
    expect(await readFile(target, "latin1")).toBe("x".repeat(400));
  });
});

describe("a name that claims more bytes than its file has", () => {
  it.each(["", ".corrupt"])("evicts nothing (%j)", async (suffix) => {
    const directory = await spoolDirectory();
    await mkdir(directory, { recursive: true });
    await writeFile(join(directory, strangeName(HUGE) + suffix), "short");
    const earlier = spoolIn(directory);
    const kept = [envelopeOf("error"), envelopeOf("transaction")];
    for (const envelope of kept) expect(await earlier.keep(envelope)).toBe(true);
    const spool = spoolIn(directory);
    expect(spool.keepSync(envelopeOf("error"))).toBe(true);
    expect(await drain(spool)).toHaveLength(3);
    expect(earlier.losses()).toEqual({});
    expect(spool.counts().bytes).toBe(0);
  });
});

it("a file that is larger than the whole spool may be evicts no other", async () => {
  const directory = await spoolDirectory();
  await mkdir(directory, { recursive: true });
  const bytes = 50e9;
  const sparse = join(directory, strangeName(String(bytes)));
  await writeFile(sparse, "");
  await truncate(sparse, bytes);
  const spool = spoolIn(directory);
  for (const category of ["transaction", "error"] as const)
    expect(await spool.keep(envelopeOf(category))).toBe(true);
  expect(await drain(spool)).toHaveLength(2);
  expect(spool.losses()).toEqual({});
  expect(spool.warnings).toHaveLength(1);
  expect(await namesIn(directory)).toEqual([strangeName(String(bytes))]);
});

it("a file that another process is sending is its own, whatever its size", async () => {
  const directory = await spoolDirectory();
  const sender = spoolIn(directory);
  await sender.keep(envelopeOf("error", { payloadBytes: 20_000 }));
  const claimed = await sender.claim(() => false);
  const small = spoolIn(directory, { maxBytes: 10_000 });
  await small.claim(() => false);
  await claimed?.release();
  expect(await drain(sender)).toHaveLength(1);
  expect([sender.losses(), small.warnings]).toEqual([{}, []]);
});

describe("a file that this process may not access", () => {
  it.each([
    ["EPERM", ["setModified"]],
    ["EACCES", ["setModified"]],
    ["EPERM", ["setModified", "rename"]],
    ["EPERM", ["setModified", "rename", "remove"]],
    ["EACCES", ["rename", "remove"]],
  ] as const)("costs neither the others nor the spool: %s of %j", async (code, methods) => {
    const directory = await spoolDirectory();
    await mkdir(directory, { recursive: true });
    await writeFile(join(directory, strangeName()), "x".repeat(400));
    const spool = spoolIn(directory, { files: permitting(code, methods), maxFiles: 3 });
    for (let count = 0; count < 2; count += 1)
      expect(await spool.keep(envelopeOf("error"))).toBe(true);
    expect(await drain(spool)).toHaveLength(2);
    expect(spool.isUsable).toBe(true);
    for (let count = 0; count < 3; count += 1)
      expect(await spool.keep(envelopeOf("error"))).toBe(true);
    expect(spool.isUsable).toBe(true);
    expect(spool.warnings).toHaveLength(1);
  });
});

describe("a directory that is removed while the process runs", () => {
  it.each(["keep", "keepSync", "claim"] as const)(
    "is made again, and what was in it is counted (seen by %s)",
    async (method) => {
      const directory = await spoolDirectory();
      const spool = spoolIn(directory);
      for (let count = 0; count < 3; count += 1) await spool.keep(envelopeOf("error"));
      await rm(directory, { recursive: true });
      const isKept = method === "claim" ? undefined : await spool[method](envelopeOf("monitor"));
      const claimed = method === "claim" ? await drain(spool) : [];
      expect([isKept, claimed]).toEqual([method === "claim" ? undefined : true, []]);
      expect(spool.losses()).toEqual({ error: { internal_sdk_error: 3 } });
      expect(await spool.keep(envelopeOf("monitor"))).toBe(true);
      const left = method === "claim" ? 1 : 2;
      expect(spool.counts()).toMatchObject({ spooled: { monitor: left }, files: left });
      expect(await namesIn(directory)).toHaveLength(left);
    },
  );

  it.each<[string, (path: string) => Promise<unknown>]>([
    ["a regular file", (path) => writeFile(path, "")],
    ["a named pipe", (path) => promisify(execFile)("mkfifo", [path])],
    ["a link to a file", (path) => symlink("/etc/hostname", path)],
    ["a link to nothing", (path) => symlink("/nonexistent", path)],
  ])("and replaced by %s is a loss that is counted", async (_kind, replace) => {
    const directory = await spoolDirectory();
    const spool = spoolIn(directory);
    for (let count = 0; count < 3; count += 1) await spool.keep(envelopeOf("error"));
    await rm(directory, { recursive: true });
    await replace(directory);
    expect(await drain(spool)).toEqual([]);
    expect(spool.losses()).toEqual({ error: { internal_sdk_error: 3 } });
    expect(spool.counts().spooled).toEqual({});
    expect(await spool.keep(envelopeOf("monitor"))).toBe(false);
  });

  it("and created again by another process is a different one", async () => {
    const directory = await spoolDirectory();
    let now = 1e12;
    const spool = spoolIn(directory, { now: () => now });
    for (let count = 0; count < 2; count += 1) {
      await spool.keep(envelopeOf("error"));
      now += 10_000;
    }
    // Made before the old one goes, so that it cannot have its inode.
    await mkdir(`${directory}.new`);
    await rm(directory, { recursive: true });
    await rename(`${directory}.new`, directory);
    expect(await drain(spool)).toEqual([]);
    expect(spool.losses()).toEqual({ error: { internal_sdk_error: 2 } });
    expect(spool.counts().spooled).toEqual({});
  });

  it("does not lose envelopes that are being sent", async () => {
    const directory = await spoolDirectory();
    const spool = spoolIn(directory);
    await spool.keep(envelopeOf("error"));
    const claimed = await spool.claim(() => false);
    await rm(directory, { recursive: true });
    await spool.keep(envelopeOf("monitor"));
    expect(spool.losses()).toEqual({});
    await claimed?.done();
    expect(spool.counts().spooled).toEqual({ monitor: 1 });
  });
});

type LookCall = "identity" | "list";

/** A disk on which something runs, once, between the end of a call and its answer. */
function interrupted(method: LookCall): { files: SpoolFiles; once: (run: () => void) => void } {
  let next: (() => void) | undefined;
  const answered = async <T>(name: LookCall, result: Promise<T>): Promise<T> => {
    await result.catch(() => undefined);
    if (name !== method) return result;
    const run = next;
    next = undefined;
    run?.();
    return result;
  };
  const files: SpoolFiles = {
    ...systemFiles,
    list: (path) => answered("list", systemFiles.list(path)),
    identity: (path) => answered("identity", systemFiles.identity(path)),
  };
  return { files, once: (run) => void (next = run) };
}

describe("an envelope that is written synchronously during a scan", () => {
  it.each(["list", "identity"] as const)(
    "is not lost where the directory was not there yet (%s)",
    async (method) => {
      const directory = await spoolDirectory();
      const { files, once } = interrupted(method);
      const spool = spoolIn(directory, { files });
      once(() => expect(spool.keepSync(envelopeOf("error"))).toBe(true));
      await spool.claim(() => true);
      expect(spool.losses()).toEqual({});
      expect(spool.counts()).toMatchObject({ spooled: { error: 1 }, files: 1 });
      expect(spool.warnings).toEqual([]);
      expect(await drain(spool)).toHaveLength(1);
    },
  );

  it.each(["list", "identity"] as const)(
    "is not lost where the directory was removed, and what was in it is (%s)",
    async (method) => {
      const directory = await spoolDirectory();
      const { files, once } = interrupted(method);
      let now = 1e12;
      const spool = spoolIn(directory, { files, now: () => now });
      for (let count = 0; count < 3; count += 1) await spool.keep(envelopeOf("error"));
      await rm(directory, { recursive: true });
      once(() => expect(spool.keepSync(envelopeOf("monitor"))).toBe(true));
      for (let look = 0; look < 3; look += 1) {
        now += 10_000;
        await spool.claim(() => true);
      }
      expect(spool.losses()).toEqual({ error: { internal_sdk_error: 3 } });
      expect(spool.counts()).toMatchObject({ spooled: { monitor: 1 }, files: 1 });
      expect(await drain(spool)).toHaveLength(1);
    },
  );
});
