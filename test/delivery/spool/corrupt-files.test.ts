import { chmod, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";

import { describe, expect, it } from "vitest";

import { envelopeOf } from "../support.js";
import { NO_LIMIT, drain, namesIn, spoolDirectory, spoolIn } from "./spool-support.js";

// Of the same length, as a disk may give it back: only the last brace of the payload is another character.
function brokenItem(whole: Buffer): Buffer {
  const broken = Buffer.from(whole);
  broken[broken.lastIndexOf("}")] = "x".charCodeAt(0);
  return broken;
}

function withoutType(whole: Buffer): Buffer {
  return Buffer.from(whole.toString("latin1").replace('\n{"type"', '\n{"tipe"'), "latin1");
}

describe("damaged files", () => {
  const damage: [string, (path: string, whole: Buffer) => Promise<unknown>, number][] = [
    ["cut off", (path, whole) => writeFile(path, whole.subarray(0, -5)), 0],
    ["too long", (path, whole) => writeFile(path, Buffer.concat([whole, whole])), 0],
    ["empty", (path) => writeFile(path, ""), 0],
    ["no JSON", (path, whole) => writeFile(path, Buffer.alloc(whole.length, "x")), 0],
    ["zeros", (path, whole) => writeFile(path, Buffer.alloc(whole.length)), 0],
    [
      "unknown format",
      (path, whole) =>
        writeFile(path, whole.toString("latin1").replace('"format":1', '"format":2'), "latin1"),
      0,
    ],
    [
      "wrong length inside",
      (path, whole) =>
        writeFile(path, whole.toString("latin1").replace(/"bytes":./, '"bytes":9'), "latin1"),
      1,
    ],
    ["an item that is no JSON", (path, whole) => writeFile(path, brokenItem(whole)), 1],
    ["an item without a type", (path, whole) => writeFile(path, withoutType(whole)), 1],
    [
      "unreadable envelope header",
      (path, whole) =>
        writeFile(path, whole.toString("latin1").replace('{"sent_at"', '{"sent_ap"'), "latin1"),
      1,
    ],
  ];

  it.each(damage)(
    "(%s) are set aside with one warning, and do not stop others",
    async (_, harm, known) => {
      const directory = await spoolDirectory();
      const writer = spoolIn(directory);
      await writer.keep(envelopeOf("error"));
      await writer.keep(envelopeOf("error"));
      const [first = ""] = await namesIn(directory);
      await harm(join(directory, first), await readFile(join(directory, first)));

      const spool = spoolIn(directory);
      expect(await drain(spool)).toHaveLength(1);

      expect(await namesIn(directory)).toEqual([`${first}.corrupt`]);
      expect(spool.warnings).toHaveLength(1);
      expect(spool.counts()).toEqual({ spooled: {}, files: 0, bytes: 0 });
      expect(spool.foreign).toHaveLength(known);
    },
  );

  it("are counted as lost if this process wrote them", async () => {
    const directory = await spoolDirectory();
    const spool = spoolIn(directory);
    await spool.keep(envelopeOf("error"));
    const [name = ""] = await namesIn(directory);
    await writeFile(join(directory, name), "");
    expect(await spool.claim(NO_LIMIT)).toBeUndefined();
    expect(spool.losses()).toEqual({ error: { internal_sdk_error: 1 } });
    expect(spool.counts().spooled).toEqual({});
  });

  it("are kept up to 100, the newest", async () => {
    const directory = await spoolDirectory();
    const now = Date.now();
    const writer = spoolIn(directory);
    for (let count = 0; count < 130; count += 1) writer.keepSync(envelopeOf("error"));
    const names = await namesIn(directory);
    for (const name of names) await writeFile(join(directory, name), "");
    await drain(spoolIn(directory));
    await drain(spoolIn(directory, { now: () => now + 10_000 }));
    expect(await namesIn(directory)).toEqual(names.slice(30).map((name) => `${name}.corrupt`));
  });

  it("include those that may not be read", async () => {
    const directory = await spoolDirectory();
    const spool = spoolIn(directory);
    await spool.keep(envelopeOf("error"));
    const [name = ""] = await namesIn(directory);
    await chmod(join(directory, name), 0);
    // The superuser may read everything.
    const expected = process.getuid?.() === 0 ? 1 : 0;
    expect(await drain(spool)).toHaveLength(expected);
  });
});
