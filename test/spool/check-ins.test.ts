import { expect, it } from "vitest";

import type { EncodedEnvelope } from "../../src/protocol/envelope.js";
import { envelopeOf } from "../transport/support.js";
import { NO_LIMIT, drain, namesIn, spoolDirectory, spoolIn } from "./spool-support.js";

const ID = "c".repeat(32);
const END = { id: ID, isOpen: false, hasConfig: true };

function checkIn(isOpen: boolean, id = ID): EncodedEnvelope {
  const checkInState = { id, isOpen, hasConfig: true };
  return { ...envelopeOf("monitor"), eventId: undefined, checkIn: checkInState };
}

it("an `in_progress` is withdrawn for the end of its run, and counted as no loss of the server's", async () => {
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

it("check-ins of a run are claimed in order, also by another process, and after one was released often", async () => {
  const directory = await spoolDirectory();
  const spool = spoolIn(directory);
  const all = [checkIn(true), checkIn(false)];
  for (const each of all) await spool.keep(each);
  for (let count = 0; count < 5; count += 1) await (await spool.claim(NO_LIMIT))?.release();
  const later = await drain(spoolIn(directory));
  expect(later.map(({ envelope }) => envelope.checkIn?.isOpen)).toEqual([true, false]);
});

it("a check-in that was released often does not stop those of other runs", async () => {
  const spool = spoolIn(await spoolDirectory());
  await spool.keep(checkIn(true));
  await spool.keep(checkIn(true, "d".repeat(32)));
  for (let count = 0; count < 3; count += 1) await (await spool.claim(NO_LIMIT))?.release();
  expect((await spool.claim(NO_LIMIT))?.envelope.checkIn?.id).toBe("d".repeat(32));
});
