import { spawn } from "node:child_process";
import { copyFile, mkdir, rename, utimes, writeFile } from "node:fs/promises";
import { join } from "node:path";

import { describe, expect, it } from "vitest";

import { claimedName, temporaryName } from "../../../src/delivery/spool/file-format.js";
import type { Holder } from "../../../src/delivery/spool/holder.js";
import { createHolder } from "../../../src/delivery/spool/holder.js";
import type { SpoolFiles } from "../../../src/delivery/spool/spool-files.js";
import { systemFiles } from "../../../src/delivery/spool/spool-files.js";
import { envelopeOf } from "../support.js";
import { drain, namesIn, spoolDirectory, spoolIn } from "./spool-support.js";

/** A host as its procfs shows it. */
function hostFiles(
  namespace: string,
  processes: Record<number, string>,
  boot = "boot-1",
): SpoolFiles {
  return {
    ...systemFiles,
    readLinkSync: () => namespace,
    readSync(path) {
      if (path.endsWith("boot_id")) return Buffer.from(boot);
      const stat = processes[Number(path.split("/")[2])];
      if (stat === undefined) throw new Error("ENOENT");
      return Buffer.from(stat);
    },
  };
}

// Field 22 is the start; the name in brackets may be anything.
const statOf = (start: number, state = "S"): string =>
  `1 (a) b (c) ${state} ${Array.from({ length: 18 }, (_, field) => field).join(" ")} ${start} 0`;

describe("a holder", () => {
  it("identifies a process by its start time, so that a reused process id is another process", () => {
    const before = createHolder(hostFiles("pid:[1]", { 7: statOf(100) }), 7);
    expect(createHolder(hostFiles("pid:[1]", { 7: statOf(100) }), 7).isGone(before.tag)).toBe(
      false,
    );
    expect(createHolder(hostFiles("pid:[1]", { 7: statOf(200) }), 7).isGone(before.tag)).toBe(true);
  });

  it("considers a zombie process gone", () => {
    const before = createHolder(hostFiles("pid:[1]", { 7: statOf(100) }), 7);
    const files = hostFiles("pid:[1]", { 7: statOf(100, "Z"), 8: statOf(150) });
    expect(createHolder(files, 8).isGone(before.tag)).toBe(true);
  });

  it("cannot tell about another container or machine, though its process has the same id", () => {
    const mine = createHolder(hostFiles("pid:[2]", { 1: statOf(200) }), 1);
    const container = createHolder(hostFiles("pid:[1]", { 1: statOf(100) }), 1);
    const machine = createHolder(hostFiles("pid:[2]", { 1: statOf(100) }, "boot-2"), 1);
    expect(new Set([mine.tag, container.tag, machine.tag]).size).toBe(3);
    expect(mine.isGone(container.tag)).toBe(false);
    expect(mine.isGone(machine.tag)).toBe(false);
  });

  it("asks the system where procfs shows nothing", async () => {
    const files = hostFiles("pid:[1]", {});
    const ended = spawn(process.execPath, ["-e", ""]);
    await new Promise((resolve) => ended.on("exit", resolve));
    const holder = createHolder(files);
    expect(holder.isGone(holder.tag)).toBe(false);
    expect(holder.isGone(createHolder(files, ended.pid).tag)).toBe(true);
  });

  it.each(["EMFILE", "ENFILE", "ENOMEM"])(
    "is not guessed while procfs cannot be read: %s",
    (code) => {
      const short = (): never => {
        throw Object.assign(new Error(code), { code });
      };
      expect(() => createHolder({ ...systemFiles, readSync: short })).toThrow(code);
      expect(() => createHolder({ ...systemFiles, readLinkSync: short })).toThrow(code);
    },
  );

  it("is determined for the current process", () => {
    const holder = createHolder(systemFiles);
    expect(holder.tag).toMatch(/^[0-9a-f]{16}\.\d+\.\d+$/);
    expect(holder.isGone(holder.tag)).toBe(false);
    expect(
      holder.isGone(holder.tag.replace(/\d$/, (digit) => String((Number(digit) + 1) % 10))),
    ).toBe(true);
  });
});

const GONE = "00000000000000aa.1.1";
const ELSEWHERE = "00000000000000bb.1.1";
const HERE: Holder = { tag: "00000000000000cc.1.1", isGone: (tag) => tag === GONE };

async function claimedBy(
  holder: string,
  ageMillis = 0,
): Promise<{ directory: string; base: string }> {
  const directory = await spoolDirectory();
  await spoolIn(directory).keep(envelopeOf("error"));
  const [base = ""] = await namesIn(directory);
  const claim = join(directory, claimedName(base, holder));
  await rename(join(directory, base), claim);
  const time = new Date(Date.now() - ageMillis);
  await utimes(claim, time, time);
  return { directory, base };
}

describe("a claim", () => {
  it("of a process that has gone is taken over", async () => {
    const { directory } = await claimedBy(GONE);
    expect(await drain(spoolIn(directory, { holder: HERE }))).toHaveLength(1);
  });

  it("of a process that may still run is left to it for 10 minutes", async () => {
    const { directory, base } = await claimedBy(ELSEWHERE, 9 * 60_000);
    const spool = spoolIn(directory, { holder: HERE });
    expect(await drain(spool)).toHaveLength(0);
    expect(spool.counts().files).toBe(1);
    expect(await namesIn(directory)).toEqual([claimedName(base, ELSEWHERE)]);
  });

  it("that is older than 10 minutes is taken over", async () => {
    const { directory } = await claimedBy(ELSEWHERE, 11 * 60_000);
    expect(await drain(spoolIn(directory, { holder: HERE }))).toHaveLength(1);
  });

  it("of this spool is never taken over by itself", async () => {
    const directory = await spoolDirectory();
    let now = Date.now();
    const spool = spoolIn(directory, { now: () => now, holder: HERE });
    await spool.keep(envelopeOf("error"));
    const claimed = await spool.claim(() => false);
    now += 60 * 60_000;
    expect(await spool.claim(() => false)).toBeUndefined();
    await claimed?.done();
    expect(spool.counts()).toEqual({ spooled: {}, files: 0, bytes: 0 });
  });

  it("that was taken over meanwhile ends without harm", async () => {
    const directory = await spoolDirectory();
    let now = Date.now();
    const slow = spoolIn(directory, { holder: HERE });
    await slow.keep(envelopeOf("error"));
    await slow.keep(envelopeOf("error"));
    const [first, second] = [await slow.claim(() => false), await slow.claim(() => false)];
    now += 11 * 60_000;
    const other = { tag: ELSEWHERE, isGone: () => false };
    expect(await drain(spoolIn(directory, { now: () => now, holder: other }))).toHaveLength(2);

    await first?.done();
    await second?.release();

    expect(await drain(slow)).toHaveLength(0);
    expect(slow.warnings).toEqual([]);
    expect(slow.counts()).toMatchObject({ spooled: { error: 1 }, files: 0 });
  });
});

async function temporaryOf(holder: string, cutOff: boolean): Promise<string> {
  const directory = await spoolDirectory();
  await spoolIn(directory).keep(envelopeOf("error"));
  const [base = ""] = await namesIn(directory);
  const temporary = join(directory, temporaryName(base, holder, "tmp"));
  await rename(join(directory, base), temporary);
  if (cutOff) await writeFile(temporary, "{");
  return directory;
}

describe("a temporary file", () => {
  it("of a process that has gone is recovered if it is whole", async () => {
    const directory = await temporaryOf(GONE, false);
    expect(await drain(spoolIn(directory, { holder: HERE }))).toHaveLength(1);
  });

  it("of a process that has gone is removed if it is not", async () => {
    const directory = await temporaryOf(GONE, true);
    const spool = spoolIn(directory, { holder: HERE });
    expect(await drain(spool)).toHaveLength(0);
    expect(await namesIn(directory)).toEqual([]);
    expect(spool.counts().files).toBe(0);
  });

  it("of a process that has gone is removed if the envelope has its file, which another may be sending", async () => {
    const { directory, base } = await claimedBy(ELSEWHERE);
    const claim = claimedName(base, ELSEWHERE);
    await copyFile(join(directory, claim), join(directory, temporaryName(base, GONE, "tmp")));
    expect(await drain(spoolIn(directory, { holder: HERE }))).toHaveLength(0);
    expect(await namesIn(directory)).toEqual([claim]);
  });

  it("of a process that may still run is left to it", async () => {
    const directory = await temporaryOf(ELSEWHERE, true);
    expect(await drain(spoolIn(directory, { holder: HERE }))).toHaveLength(0);
    expect(await namesIn(directory)).toHaveLength(1);
  });
});

it("a directory with the name of a spooled file stops nothing", async () => {
  const directory = await spoolDirectory();
  const spool = spoolIn(directory);
  await spool.keep(envelopeOf("error"));
  const [base = ""] = await namesIn(directory);
  await mkdir(join(directory, base.replace("-error-", "-monitor-")));
  expect(await drain(spool)).toHaveLength(1);
});
