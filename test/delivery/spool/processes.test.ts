import { rm, writeFile } from "node:fs/promises";
import { join } from "node:path";

import { afterAll, beforeAll, expect, it } from "vitest";

import { parseName } from "../../../src/delivery/spool/file-format.js";
import { compiledSources } from "../../package/compiled-sources.js";
import { envelopeOf } from "../support.js";
import { child, drain, isWhole, namesIn, spoolDirectory, spoolIn } from "./spool-support.js";

let compiled = "";
beforeAll(async () => {
  compiled = await compiledSources(["delivery/spool/file-spool.ts", "protocol/envelope.ts"]);
});
afterAll(() => rm(compiled, { recursive: true, force: true }));

const KEEPS_FOREVER = `
for (;;) {
  const kept = await Promise.all(Array.from({ length: 8 }, async () => {
    const next = envelope(Number(process.argv[3]));
    return (await spool.keep(next)) ? next.eventId : undefined;
  }));
  for (const eventId of kept) if (eventId !== undefined) say(eventId);
}`;

it("a process that is killed while it writes leaves complete files, and nothing that it kept is lost", async () => {
  for (let round = 0; round < 6; round += 1) {
    const directory = await spoolDirectory();
    const writer = await child(compiled, KEEPS_FOREVER, [directory, "200000"]);
    for (let lines = 0; lines < 3 + 11 * round; lines += 1) await writer.line();
    writer.kill();
    const kept = (await writer.ended).split("\n").slice(0, -1);

    const left = await namesIn(directory);
    const named = left.filter((name) => parseName(name)?.state !== "temporary");
    const areWhole = await Promise.all(named.map((name) => isWhole(join(directory, name))));
    expect(areWhole).toEqual(named.map(() => true));
    const claimed = (await drain(spoolIn(directory))).map(({ envelope }) => envelope.eventId);
    expect(claimed).toEqual(expect.arrayContaining(kept));
    expect(new Set(claimed).size).toBe(claimed.length);
    expect(await namesIn(directory)).toEqual([]);
  }
});

it("500 envelopes outlive SIGKILL, and the next process claims each once", async () => {
  const directory = await spoolDirectory();
  const script = `
    const ids = [];
    for (let i = 0; i < 500; i += 1) { const next = envelope(); if (await spool.keep(next)) ids.push(next.eventId); }
    say(ids.join(" "));
    setInterval(() => {}, 1000);`;
  const writer = await child(compiled, script, [directory]);
  const kept = (await writer.line()).split(" ");
  writer.kill();
  await writer.ended;

  const claimed = (await drain(spoolIn(directory))).map(({ envelope }) => envelope.eventId);

  expect(claimed).toHaveLength(500);
  expect(claimed).toEqual(kept);
});

it("four processes that claim at the same time get each of 500 files once", async () => {
  const directory = await spoolDirectory();
  const kept = Array.from({ length: 500 }, () => envelopeOf("error"));
  const writer = spoolIn(directory);
  for (const envelope of kept) writer.keepSync(envelope);
  const script = `
    const { existsSync } = await import("node:fs");
    say("ready");
    while (!existsSync(process.argv[3])) await new Promise((done) => setTimeout(done, 5));
    for (let next; (next = await spool.claim(() => false)); await next.done()) say(next.envelope.eventId);`;
  const start = join(directory, "..", "start");
  const claimers = await Promise.all(
    [1, 2, 3, 4].map(() => child(compiled, script, [directory, start])),
  );
  await Promise.all(claimers.map((claimer) => claimer.line()));
  await writeFile(start, "");

  const printed = await Promise.all(claimers.map(({ ended }) => ended));
  const byProcess = printed.map((text) => text.split("\n").slice(1, -1));

  expect(byProcess.flat()).toHaveLength(500);
  expect(new Set(byProcess.flat())).toEqual(new Set(kept.map(({ eventId }) => eventId)));
  // All of them had a share, or the test shows nothing.
  expect(Math.min(...byProcess.map((ids) => ids.length))).toBeGreaterThan(0);
  expect(await namesIn(directory)).toEqual([]);
});

it("what a process had claimed when it was killed is claimed by the next, and a living process keeps its claim", async () => {
  const directory = await spoolDirectory();
  const script = `
    await spool.keep(envelope());
    const claimed = await spool.claim(() => false);
    say(claimed.envelope.eventId);
    setInterval(() => {}, 1000);`;
  const claimer = await child(compiled, script, [directory]);
  const eventId = await claimer.line();
  const spool = spoolIn(directory);
  expect(await drain(spool)).toEqual([]);

  claimer.kill();
  await claimer.ended;

  expect((await drain(spool)).map(({ envelope }) => envelope.eventId)).toEqual([eventId]);
});

it("envelopes can be kept while the process exits", async () => {
  const directory = await spoolDirectory();
  const script = `
    process.on("exit", () => { for (let i = 0; i < 200; i += 1) spool.keepSync(envelope()); });
    for (let i = 0; i < 20; i += 1) void spool.keep(envelope());
    setImmediate(() => process.exit(0));`;
  await (
    await child(compiled, script, [directory])
  ).ended;
  expect((await drain(spoolIn(directory))).length).toBeGreaterThanOrEqual(200);
  expect(await namesIn(directory)).toEqual([]);
});

it("four processes together keep the bounds of the directory as soon as one scans it", async () => {
  const directory = await spoolDirectory();
  const script = `for (let i = 0; i < 100; i += 1) await spool.keep(envelope());`;
  const writers = await Promise.all([1, 2, 3, 4].map(() => child(compiled, script, [directory])));
  await Promise.all(writers.map(({ ended }) => ended));
  expect(await namesIn(directory)).toHaveLength(400);

  const spool = spoolIn(directory, { maxFiles: 150 });
  await spool.keep(envelopeOf("error"));

  expect(await namesIn(directory)).toHaveLength(150);
  expect(spool.foreign).toHaveLength(251);
  expect(spool.losses()).toEqual({});
});
