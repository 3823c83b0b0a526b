import { describe, expect, it } from "vitest";

import type { EncodedEnvelope } from "../../../src/protocol/envelope.js";
import { envelopeOf } from "../support.js";
import { NO_LIMIT, drain, namesIn, spoolDirectory, spoolIn } from "./spool-support.js";

const ID = "c".repeat(32);
const END = { id: ID, isOpen: false, hasConfig: true };

function checkIn(isOpen: boolean, id = ID): EncodedEnvelope {
  const checkInState = { id, isOpen, hasConfig: true };
  return { ...envelopeOf("monitor"), eventId: undefined, checkIn: checkInState };
}

it("an `in_progress` is removed in favour of the end of its run, and not reported as a loss", async () => {
  const directory = await spoolDirectory();
  const spool = spoolIn(directory);
  await spool.keep(checkIn(true));
  await spool.keep(checkIn(true, "d".repeat(32)));
  expect(spool.holdsCheckIn(ID)).toBe(true);
  expect(await spool.supersede(END)).toBe(true);
  expect(spool.holdsCheckIn(ID)).toBe(false);
  expect(spool.losses()).toEqual({ monitor: { superseded: 1 } });
  expect(spool.counts()).toMatchObject({ spooled: { monitor: 1 }, files: 1 });
  expect(await namesIn(directory)).toHaveLength(1);
});

it.each([
  ["is being sent", checkIn(true), END],
  ["is the end of its run", checkIn(false), END],
  ["alone has the configuration", checkIn(true), { ...END, hasConfig: false }],
])("a check-in stays for a later one where it %s", async (what, earlier, later) => {
  const spool = spoolIn(await spoolDirectory());
  await spool.keep(earlier);
  const claimed = what === "is being sent" ? await spool.claim(NO_LIMIT) : undefined;
  expect(await spool.supersede(later)).toBe(false);
  await claimed?.release();
  expect(spool.counts().spooled).toEqual({ monitor: 1 });
});

const OTHER = "d".repeat(32);

describe("a spool that is full of check-ins", () => {
  it.each([
    ["of the newcomer's run", [checkIn(false, OTHER), checkIn(true)], checkIn(false)],
    [
      "of another run",
      [checkIn(false, OTHER), checkIn(true), checkIn(false)],
      checkIn(true, OTHER),
    ],
  ])(
    "evicts the `in_progress` %s first, whose end it contains",
    async (_whose, earlier, newcomer) => {
      const spool = spoolIn(await spoolDirectory(), { maxFiles: earlier.length });
      for (const each of earlier) expect(await spool.keep(each)).toBe(true);
      expect(await spool.keep(newcomer)).toBe(true);
      expect(spool.losses()).toEqual({ monitor: { superseded: 1 } });
      expect(spool.warnings).toEqual([]);
      const kept = (await drain(spool)).map(({ envelope }) => envelope.body);
      const left = [...earlier.filter((each) => !(each.checkIn?.isOpen ?? false)), newcomer];
      expect(kept).toEqual(left.map(({ body }) => body));
    },
  );

  it("does so at the end of the process, too", async () => {
    const spool = spoolIn(await spoolDirectory(), { maxFiles: 2 });
    for (const each of [checkIn(false, OTHER), checkIn(true)]) spool.keepSync(each);
    expect(spool.keepSync(checkIn(false))).toBe(true);
    expect(spool.losses()).toEqual({ monitor: { superseded: 1 } });
  });

  it("evicts the oldest if it contains no end, and warns", async () => {
    const spool = spoolIn(await spoolDirectory(), { maxFiles: 2 });
    for (const each of [checkIn(true), checkIn(true, OTHER)]) await spool.keep(each);
    expect(await spool.keep(checkIn(true, "e".repeat(32)))).toBe(true);
    expect(spool.losses()).toEqual({ monitor: { cache_overflow: 1 } });
    expect(spool.warnings).toHaveLength(1);
  });

  it("evicts everything else first", async () => {
    const spool = spoolIn(await spoolDirectory(), { maxFiles: 3 });
    for (const each of [checkIn(true), envelopeOf("error"), checkIn(false)]) await spool.keep(each);
    await spool.keep(checkIn(true, OTHER));
    expect(spool.losses()).toEqual({ error: { cache_overflow: 1 } });
  });
});

it("check-ins of a run are claimed in order, also by another process, and after one was released often", async () => {
  const directory = await spoolDirectory();
  const spool = spoolIn(directory);
  const all = [checkIn(true), checkIn(false)];
  for (const each of all) await spool.keep(each);
  for (let count = 0; count < 5; count += 1) await (await spool.claim(NO_LIMIT))?.release();
  const later = await drain(spoolIn(directory));
  expect(later.map(({ envelope }) => envelope.checkIn?.isOpen)).toEqual([true, false]);
});

it("a check-in keeps its position, however often it was released because of the connection", async () => {
  const spool = spoolIn(await spoolDirectory());
  for (const each of [checkIn(true), envelopeOf("error"), checkIn(true, OTHER)])
    await spool.keep(each);
  for (let count = 0; count < 10; count += 1) await (await spool.claim(NO_LIMIT))?.release(false);
  expect((await spool.claim(NO_LIMIT))?.envelope.checkIn?.id).toBe(ID);
});

it("a check-in that was released often does not stop those of other runs", async () => {
  const spool = spoolIn(await spoolDirectory());
  await spool.keep(checkIn(true));
  await spool.keep(checkIn(true, "d".repeat(32)));
  for (let count = 0; count < 3; count += 1) await (await spool.claim(NO_LIMIT))?.release();
  expect((await spool.claim(NO_LIMIT))?.envelope.checkIn?.id).toBe("d".repeat(32));
});
