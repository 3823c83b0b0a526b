import { stat } from "node:fs/promises";
import { join } from "node:path";

import fc from "fast-check";
import { describe, expect, it } from "vitest";

import type { DataCategory } from "../../../src/protocol/data-category.js";
import { parseName } from "../../../src/delivery/spool/file-format.js";
import type { SpooledEnvelope } from "../../../src/delivery/spool/spool.js";
import { envelopeOf, sumOf } from "../support.js";
import type { TestSpool } from "./spool-support.js";
import { drain, namesIn, spoolDirectory, spoolIn } from "./spool-support.js";
import { times } from "../../property/runs.js";

const HOUR = 60 * 60 * 1000;

async function onDisk(directory: string): Promise<{ files: number; bytes: number }> {
  const names = await namesIn(directory);
  const sizes = await Promise.all(
    names.map(async (name) => (await stat(join(directory, name))).size),
  );
  return { files: names.length, bytes: sizes.reduce((sum, size) => sum + size, 0) };
}

describe("a full spool", () => {
  it("evicts the lowest priority first, and of it the oldest", async () => {
    const spool = spoolIn(await spoolDirectory(), { maxFiles: 3 });
    const [oldLog, newLog] = [envelopeOf("log_item"), envelopeOf("log_item")];
    const [transaction, error, monitor] = [
      envelopeOf("transaction"),
      envelopeOf("error"),
      envelopeOf("monitor"),
    ];
    for (const envelope of [oldLog, transaction, newLog, error]) {
      expect(await spool.keep(envelope)).toBe(true);
    }
    expect(spool.losses()).toEqual({ log_item: { cache_overflow: 1 } });
    expect(spool.keepSync(monitor)).toBe(true);
    expect(spool.losses()).toEqual({ log_item: { cache_overflow: 2 } });

    const left = (await drain(spool)).map(({ envelope }) => envelope.eventId);
    expect(left).toEqual([monitor.eventId, error.eventId, transaction.eventId]);
  });

  it("refuses an envelope of lower priority than all others, and evicts nothing for it", async () => {
    const spool = spoolIn(await spoolDirectory(), { maxFiles: 2 });
    await spool.keep(envelopeOf("error"));
    await spool.keep(envelopeOf("error"));
    expect(await spool.keep(envelopeOf("transaction"))).toBe(false);
    expect(spool.keepSync(envelopeOf("transaction"))).toBe(false);
    expect(spool.losses()).toEqual({});
    expect(spool.counts().spooled).toEqual({ error: 2 });
  });

  it("refuses an envelope larger than itself, and evicts nothing for it", async () => {
    const spool = spoolIn(await spoolDirectory(), { maxBytes: 10_000 });
    await spool.keep(envelopeOf("log_item"));
    expect(await spool.keep(envelopeOf("error", { payloadBytes: 10_000 }))).toBe(false);
    expect(spool.counts().spooled).toEqual({ log_item: 1 });
  });

  it("reports evicted envelopes of another process to the server, but does not count them as its own", async () => {
    const directory = await spoolDirectory();
    const contents = [
      { category: "transaction", quantity: 1 },
      { category: "span", quantity: 5 },
    ] as const;
    await spoolIn(directory).keep(envelopeOf("transaction", { contents }));
    await spoolIn(directory).keep(envelopeOf("transaction", { contents }));

    const spool = spoolIn(directory, { maxFiles: 1 });
    await spool.keep(envelopeOf("error"));

    expect(spool.foreign).toEqual([
      { reason: "cache_overflow", contents },
      { reason: "cache_overflow", contents },
    ]);
    expect(spool.losses()).toEqual({});
    expect(await namesIn(directory)).toHaveLength(1);
  });

  it("also evicts envelopes of another process synchronously", async () => {
    const directory = await spoolDirectory();
    await spoolIn(directory).keep(envelopeOf("transaction"));
    const spool = spoolIn(directory, { maxFiles: 1 });
    expect(spool.keepSync(envelopeOf("error"))).toBe(true);
    expect(spool.foreign).toEqual([
      { reason: "cache_overflow", contents: [{ category: "transaction", quantity: 1 }] },
    ]);
    expect(await namesIn(directory)).toHaveLength(1);
  });

  it("warns once that it is full", async () => {
    const spool = spoolIn(await spoolDirectory(), { maxFiles: 1 });
    for (let count = 0; count < 5; count += 1) await spool.keep(envelopeOf("error"));
    expect(spool.warnings).toHaveLength(1);
    expect(spool.warnings[0]).toContain("the spool is full");
  });

  it("stays within its bounds during concurrent writes", async () => {
    const directory = await spoolDirectory();
    const spool = spoolIn(directory, { maxBytes: 60_000 });
    const keeps = Array.from({ length: 60 }, (_, index) =>
      spool.keep(envelopeOf("error", { payloadBytes: index % 2 === 0 ? 200 : 20_000 })),
    );
    const largest = watchedBytes(directory, Promise.all(keeps));
    const kept = (await Promise.all(keeps)).filter(Boolean).length;
    expect(await largest).toBeLessThanOrEqual(60_000);
    // Four large ones at a time do not fit: what comes then is refused, and stays the caller's.
    expect(kept).toBeGreaterThan(30);
    expect(sumOf(spool.counts().spooled, spool.losses())).toEqual({ error: kept });
  });
});

// The most that was there until a promise resolved; by the names, since files go meanwhile.
async function watchedBytes(directory: string, end: Promise<unknown>): Promise<number> {
  let largest = 0;
  for (let isOver = false; !isOver;) {
    isOver = await Promise.race([end.then(() => true), namesIn(directory).then(() => false)]);
    const sizes = (await namesIn(directory)).map((name) => parseName(name)?.entry.bytes ?? 0);
    largest = Math.max(
      largest,
      sizes.reduce((sum, size) => sum + size, 0),
    );
  }
  return largest;
}

describe("an envelope that is too old", () => {
  it("is dropped after a day, whichever process spooled it", async () => {
    const directory = await spoolDirectory();
    let now = Date.now();
    const other = spoolIn(directory, { now: () => now });
    const spool = spoolIn(directory, { now: () => now });
    await spool.keep(envelopeOf("error"));
    await other.keep(envelopeOf("transaction"));
    now += 23 * HOUR;
    await spool.keep(envelopeOf("monitor"));
    now += 1.5 * HOUR;

    expect((await drain(spool)).map(({ envelope }) => envelope.category)).toEqual(["monitor"]);
    expect(spool.losses()).toEqual({ error: { cache_overflow: 1 } });
    expect(spool.foreign).toEqual([
      { reason: "cache_overflow", contents: [{ category: "transaction", quantity: 1 }] },
    ]);
    expect(await namesIn(directory)).toEqual([]);
  });

  it("is not dropped because the clock was set back", async () => {
    let now = Date.now();
    const spool = spoolIn(await spoolDirectory(), { now: () => now });
    await spool.keep(envelopeOf("error"));
    now -= 48 * HOUR;
    expect(await drain(spool)).toHaveLength(1);
  });
});

type Step =
  | { kind: "keep" | "keepSync"; category: DataCategory; payloadBytes: number }
  | { kind: "claim"; limited: boolean }
  | { kind: "settle"; how: "done" | "release"; which: number }
  | { kind: "wait"; millis: number };

const category = fc.constantFrom<DataCategory>(
  "error",
  "monitor",
  "feedback",
  "transaction",
  "span",
  "log_item",
);
const steps: fc.Arbitrary<Step> = fc.oneof(
  fc.record({
    kind: fc.constantFrom("keep" as const, "keepSync" as const),
    category,
    payloadBytes: fc.integer({ min: 2, max: 4000 }),
  }),
  fc.record({ kind: fc.constant("claim" as const), limited: fc.boolean() }),
  fc.record({
    kind: fc.constant("settle" as const),
    how: fc.constantFrom("done" as const, "release" as const),
    which: fc.nat(5),
  }),
  fc.record({ kind: fc.constant("wait" as const), millis: fc.integer({ min: 0, max: 2 * HOUR }) }),
);

/** What one spool was given and has given out. */
class Model {
  readonly #held: SpooledEnvelope[] = [];
  captured = 0;
  outcomes = 0;

  async run(spool: TestSpool, step: Step): Promise<void> {
    if (step.kind === "keep" || step.kind === "keepSync") {
      const { payloadBytes } = step;
      const contents = [{ category: "span", quantity: 1 }] as const;
      const envelope = envelopeOf(step.category, { payloadBytes, contents });
      if (await spool[step.kind](envelope)) this.captured += 1;
    } else if (step.kind === "claim") {
      const claimed = await spool.claim((name) => step.limited && name === "error");
      if (claimed !== undefined) this.#held.push(claimed);
    } else if (step.kind === "settle") {
      await this.#settle(step.how, step.which);
    }
  }

  async #settle(how: "done" | "release", which: number): Promise<void> {
    const [claimed] = this.#held.splice(which, 1);
    if (how === "done" && claimed?.isOwn === true) this.outcomes += 1;
    await claimed?.[how]();
  }

  /** What must be what it was given. */
  bookedBy(spool: TestSpool): number {
    const spooled = spool.counts().spooled.span ?? 0;
    return spooled + (spool.losses().span?.cache_overflow ?? 0) + this.outcomes;
  }
}

it("a synchronous write counts the files that another process wrote since", async () => {
  const directory = await spoolDirectory();
  let now = 1e12;
  const bounds = { maxFiles: 6, maxBytes: 12_000, now: () => now };
  const [own, other] = [spoolIn(directory, bounds), spoolIn(directory, bounds)];
  for (let count = 0; count < 5; count += 1) await own.keep(envelopeOf("error"));
  await other.keep(envelopeOf("error"));
  now += 100;
  expect(own.keepSync(envelopeOf("error"))).toBe(true);
  expect((await onDisk(directory)).files).toBe(6);
});

describe("whatever happens", () => {
  it("the bounds hold, the counts match the disk, and every envelope is accounted for", async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(steps, { maxLength: 60 }), async (path) => {
        const directory = await spoolDirectory();
        let now = 1e12;
        const bounds = { maxFiles: 6, maxBytes: 12_000, maxAgeMillis: 12 * HOUR, now: () => now };
        const spool = spoolIn(directory, bounds);
        const model = new Model();
        for (const step of path) {
          if (step.kind === "wait") now += step.millis;
          await model.run(spool, step);
          const { spooled, files, bytes } = spool.counts();
          expect({ files, bytes }).toEqual(await onDisk(directory));
          expect(files).toBeLessThanOrEqual(6);
          expect(bytes).toBeLessThanOrEqual(12_000);
          expect(spooled.span ?? 0).toBe(files);
          expect(model.bookedBy(spool)).toBe(model.captured);
        }
        expect(spool.warnings.filter((text) => !text.includes("the spool is full"))).toEqual([]);
      }),
      times(500),
    );
  });

  it("two processes each account for their own envelopes", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.tuple(fc.constantFrom(0 as const, 1 as const), steps), { maxLength: 60 }),
        async (path) => {
          const directory = await spoolDirectory();
          let now = 1e12;
          const bounds = { maxFiles: 6, maxBytes: 12_000, maxAgeMillis: 12 * HOUR, now: () => now };
          const spools = [spoolIn(directory, bounds), spoolIn(directory, bounds)] as const;
          const models = [new Model(), new Model()] as const;
          for (const [index, step] of path) {
            now += step.kind === "wait" ? step.millis : 100;
            await models[index].run(spools[index], step);
            for (const which of [0, 1] as const) {
              expect(models[which].bookedBy(spools[which])).toBe(models[which].captured);
            }
            expect((await onDisk(directory)).files).toBeLessThanOrEqual(6);
          }
          for (const spool of spools) {
            expect(spool.warnings.filter((text) => !text.includes("the spool is full"))).toEqual(
              [],
            );
          }
        },
      ),
      times(500),
    );
  });
});
