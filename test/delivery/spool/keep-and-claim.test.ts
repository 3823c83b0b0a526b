import { readFile, readdir, rm, stat, utimes, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { tmpdir } from "node:os";

import { describe, expect, it } from "vitest";

import type { DataCategory } from "../../../src/protocol/data-category.js";
import { MemoryBound } from "../../../src/delivery/memory-bound.js";
import { createEnvelopeQueue } from "../../../src/delivery/envelope-queue.js";
import { envelopeOf } from "../support.js";
import { NO_LIMIT, drain, namesIn, spoolDirectory, spoolIn } from "./spool-support.js";

const CATEGORIES: DataCategory[] = [
  "log_item",
  "span",
  "transaction",
  "attachment",
  "feedback",
  "error",
  "trace_metric",
  "session",
  "monitor",
  "default",
];

function isNoTransaction(category: DataCategory): boolean {
  return category !== "transaction";
}

describe("a kept envelope", () => {
  it("comes back with the same bytes, contents and event id", async () => {
    const spool = spoolIn(await spoolDirectory(tmpdir()));
    const contents = [
      { category: "transaction", quantity: 1 },
      { category: "span", quantity: 21 },
    ] as const;
    const envelope = envelopeOf("transaction", { contents, payloadBytes: 5000 });

    expect(await spool.keep(envelope)).toBe(true);
    const claimed = await spool.claim(NO_LIMIT);

    expect(claimed?.envelope).toEqual(envelope);
    expect(claimed?.isOwn).toBe(true);
  });

  it("without an event id comes back without one", async () => {
    const spool = spoolIn(await spoolDirectory(tmpdir()));
    const { body } = envelopeOf("log_item");
    const envelope = { eventId: undefined, category: "log_item", body, contents: [] } as const;
    await spool.keep(envelope);
    expect((await spool.claim(NO_LIMIT))?.envelope).toEqual(envelope);
  });

  it("is one file that only its user can read, in a directory that only its user can enter", async () => {
    const directory = await spoolDirectory(tmpdir());
    const spool = spoolIn(directory);
    await spool.keep(envelopeOf());
    spool.keepSync(envelopeOf());

    const names = await readdir(directory);
    expect(names).toHaveLength(2);
    for (const name of names) {
      expect((await stat(join(directory, name))).mode & 0o777).toBe(0o600);
    }
    expect((await stat(directory)).mode & 0o777).toBe(0o700);
    expect((await stat(dirname(directory))).mode & 0o777).toBe(0o700);
  });

  it("is a line of JSON and then the envelope as it is sent", async () => {
    const directory = await spoolDirectory(tmpdir());
    const envelope = envelopeOf("error");
    await spoolIn(directory, { writer: "00000000000000aa" }).keep(envelope);

    const [name = ""] = await readdir(directory);
    const file = await readFile(join(directory, name));
    const end = file.indexOf("\n");
    expect(JSON.parse(file.toString("utf8", 0, end))).toEqual({
      format: 1,
      category: "error",
      eventId: envelope.eventId,
      contents: envelope.contents,
      writer: "00000000000000aa",
      bytes: envelope.body.length,
    });
    expect(file.subarray(end + 1)).toEqual(envelope.body);
  });

  it("touches nothing on the disk before the first use", async () => {
    const directory = await spoolDirectory(tmpdir());
    const spool = spoolIn(directory);
    expect(spool.counts()).toEqual({ spooled: {}, files: 0, bytes: 0 });
    expect(await spool.claim(NO_LIMIT)).toBeUndefined();
    await expect(stat(dirname(directory))).rejects.toThrow("ENOENT");
  });

  it("is counted as spooled until it is done, also while it is claimed or back", async () => {
    const spool = spoolIn(await spoolDirectory(tmpdir()));
    await spool.keep(envelopeOf("error"));
    expect(spool.counts()).toMatchObject({ spooled: { error: 1 }, files: 1 });

    const first = await spool.claim(NO_LIMIT);
    expect(spool.counts()).toMatchObject({ spooled: { error: 1 }, files: 1 });
    await first?.release();
    expect(spool.counts()).toMatchObject({ spooled: { error: 1 }, files: 1 });

    const second = await spool.claim(NO_LIMIT);
    const isGone = second?.done();
    expect(spool.counts().spooled).toEqual({});
    await isGone;
    expect(spool.counts()).toEqual({ spooled: {}, files: 0, bytes: 0 });
  });

  it("has one outcome, whatever is called after that", async () => {
    const directory = await spoolDirectory(tmpdir());
    const spool = spoolIn(directory);
    await spool.keep(envelopeOf("error"));
    await spool.keep(envelopeOf("error"));
    const claimed = await spool.claim(NO_LIMIT);
    await claimed?.done();
    await claimed?.release();
    await claimed?.done();
    expect(spool.counts().spooled).toEqual({ error: 1 });
    expect(await namesIn(directory)).toHaveLength(1);
  });

  it("is not a client report", async () => {
    const directory = await spoolDirectory(tmpdir());
    const spool = spoolIn(directory);
    expect(await spool.keep(envelopeOf("internal"))).toBe(false);
    expect(spool.keepSync(envelopeOf("internal"))).toBe(false);
    expect(await namesIn(directory)).toEqual([]);
  });

  it("has one file where the process ends while it is being written", async () => {
    const directory = await spoolDirectory(tmpdir());
    const spool = spoolIn(directory);
    const envelopes = Array.from({ length: 20 }, () => envelopeOf("error"));
    const keeps = envelopes.map((envelope) => spool.keep(envelope));
    expect(envelopes.every((envelope) => spool.keepSync(envelope))).toBe(true);
    expect(spool.counts().spooled).toEqual({ error: 20 });

    expect(await Promise.all(keeps)).toEqual(keeps.map(() => true));
    expect(spool.counts()).toMatchObject({ spooled: { error: 20 }, files: 20 });
    expect(await namesIn(directory)).toHaveLength(20);
    expect(await drain(spool)).toHaveLength(20);
    expect(spool.counts()).toEqual({ spooled: {}, files: 0, bytes: 0 });
  });
});

describe("claims", () => {
  it("come in the order in which the queue would send", async () => {
    const spool = spoolIn(await spoolDirectory(tmpdir()));
    const queue = createEnvelopeQueue({
      maxItems: 1000,
      memory: new MemoryBound(),
      onEvicted: () => {},
    });
    const envelopes = [...CATEGORIES, ...CATEGORIES.toReversed()].map((name) => envelopeOf(name));
    for (const envelope of envelopes) {
      spool.keepSync(envelope);
      queue.push(envelope, 0);
    }

    const claimed = (await drain(spool)).map(({ envelope }) => envelope.eventId);

    expect(claimed).toEqual([...queue].map(({ eventId }) => eventId));
  });

  it("of a new process are in the order of the names in the directory", async () => {
    const directory = await spoolDirectory(tmpdir());
    let now = 1e12;
    const earlier = spoolIn(directory, { now: () => (now += 7), maxAgeMillis: 1e9 });
    for (const category of CATEGORIES) await earlier.keep(envelopeOf(category));
    const names = await namesIn(directory);

    const later = spoolIn(directory, { now: () => now });
    const claimed = await drain(later);

    expect(names.map((name) => name.slice(0, 1))).toEqual("0112345555".split(""));
    expect(claimed.map(({ envelope }) => envelope.eventId)).toEqual(
      names.map((name) =>
        name.slice(-"0".repeat(32).length - ".envelope".length, -".envelope".length),
      ),
    );
    expect(claimed.map(({ isOwn }) => isOwn)).toEqual(CATEGORIES.map(() => false));
  });

  it("skip rate-limited categories", async () => {
    const spool = spoolIn(await spoolDirectory(tmpdir()));
    for (const category of ["error", "transaction", "monitor"] as const) {
      await spool.keep(envelopeOf(category));
    }

    expect((await spool.claim(isNoTransaction))?.envelope.category).toBe("transaction");
    expect(await spool.claim(isNoTransaction)).toBeUndefined();
    expect((await spool.claim(NO_LIMIT))?.envelope.category).toBe("monitor");
  });

  it("do not return a claimed envelope again", async () => {
    const spool = spoolIn(await spoolDirectory(tmpdir()));
    for (let count = 0; count < 5; count += 1) await spool.keep(envelopeOf());
    const claims = await Promise.all(Array.from({ length: 8 }, () => spool.claim(NO_LIMIT)));
    const ids = claims.flatMap((claimed) =>
      claimed === undefined ? [] : [claimed.envelope.eventId],
    );
    expect(new Set(ids).size).toBe(5);
    expect(ids).toHaveLength(5);
  });

  it("let others go first after an envelope has come back three times", async () => {
    const spool = spoolIn(await spoolDirectory(tmpdir()));
    const [stubborn, healthy] = [envelopeOf("error"), envelopeOf("transaction")];
    await spool.keep(stubborn);
    await spool.keep(healthy);
    for (let attempt = 0; attempt < 3; attempt += 1) {
      const claimed = await spool.claim(NO_LIMIT);
      expect(claimed?.envelope.eventId).toBe(stubborn.eventId);
      await claimed?.release();
    }
    const ids = (await drain(spool)).map(({ envelope }) => envelope.eventId);
    expect(ids).toEqual([healthy.eventId, stubborn.eventId]);
  });

  it("see what another process has added since", async () => {
    const directory = await spoolDirectory(tmpdir());
    const [spool, other] = [spoolIn(directory), spoolIn(directory)];
    expect(await spool.claim(NO_LIMIT)).toBeUndefined();
    await other.keep(envelopeOf());
    expect((await spool.claim(NO_LIMIT))?.isOwn).toBe(false);
  });

  it("account per process: an envelope that another process delivers stays spooled here", async () => {
    const directory = await spoolDirectory(tmpdir());
    const [spool, other] = [spoolIn(directory), spoolIn(directory)];
    await spool.keep(envelopeOf("error"));
    expect(await drain(other)).toHaveLength(1);
    expect(other.counts().spooled).toEqual({});
    expect(await spool.claim(NO_LIMIT)).toBeUndefined();
    expect(spool.counts()).toEqual({ spooled: { error: 1 }, files: 0, bytes: 0 });
  });

  it("leave files alone that are not the spool's", async () => {
    const directory = await spoolDirectory(tmpdir());
    const spool = spoolIn(directory);
    await spool.keep(envelopeOf());
    await writeFile(join(directory, "notes.txt"), "mine");
    await writeFile(join(directory, "0-later.envelope2"), "newer");
    await drain(spool);
    expect(await namesIn(directory)).toEqual(["0-later.envelope2", "notes.txt"]);
  });
});

describe("the directory", () => {
  it("is created again when it was removed", async () => {
    const directory = await spoolDirectory(tmpdir());
    const spool = spoolIn(directory);
    await spool.keep(envelopeOf("error"));
    await rm(directory, { recursive: true });
    expect(await spool.keep(envelopeOf("error"))).toBe(true);
    await rm(directory, { recursive: true });
    expect(spool.keepSync(envelopeOf("error"))).toBe(true);
    expect(await namesIn(directory)).toHaveLength(1);
    expect(spool.warnings).toHaveLength(1);
    expect(spool.losses()).toEqual({ error: { internal_sdk_error: 2 } });
  });

  it("may hold claims of unknown age without harm", async () => {
    const directory = await spoolDirectory(tmpdir());
    const spool = spoolIn(directory);
    await spool.keep(envelopeOf("error"));
    const [name = ""] = await namesIn(directory);
    await utimes(join(directory, name), 0, 0);
    const claimed = await spool.claim(NO_LIMIT);
    const [claim = ""] = await namesIn(directory);
    expect(Date.now() - (await stat(join(directory, claim))).mtimeMs).toBeLessThan(60_000);
    await claimed?.release();
    expect(await namesIn(directory)).toEqual([name]);
  });
});

it("a kept envelope that expires is dropped by then, however long others are kept", async () => {
  let now = 1e12;
  const spool = spoolIn(await spoolDirectory(tmpdir()), {
    now: () => now,
    maxAgeMillis: 24 * 3_600_000,
  });
  await spool.keep(envelopeOf("error"));
  await spool.keep({ ...envelopeOf("transaction"), expiresAtMillis: now + 3_600_000 });
  now += 2 * 3_600_000;
  const kept = await drain(spool);
  expect(kept.map(({ envelope }) => envelope.category)).toEqual(["error"]);
  expect(spool.losses()).toMatchObject({ transaction: { cache_overflow: 1 } });
});
