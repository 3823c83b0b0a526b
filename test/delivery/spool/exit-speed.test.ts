import { join } from "node:path";

import { expect, it } from "vitest";

import { systemFiles } from "../../../src/delivery/spool/spool-files.js";
import { temporaryRoot } from "../../temporary-root.js";
import type { EncodedEnvelope } from "../../../src/protocol/envelope.js";
import { cpuTime } from "../../time/measure.js";
import { envelopeOf } from "../support.js";
import { NO_LIMIT, spoolDirectory, spoolIn } from "./spool-support.js";

// Two copies of 10,000 envelopes of 10,000 bytes, with room for others.
const NEEDED_BYTES = 500_000_000;

const MILLIS = 2000;

it("10,000 envelopes cost less than 2 seconds of CPU time at the end of the process", async () => {
  const envelope = envelopeOf("transaction", { payloadBytes: 10_000 });
  const envelopes = Array.from({ length: 10_000 }, (_, index) => ({
    ...envelope,
    eventId: index.toString(16).padStart(32, "0"),
  }));
  const options = { maxBytes: 1e9, maxFiles: 10_000 };
  // In memory, because some file systems take long to create files where many were removed just before.
  const root = temporaryRoot(NEEDED_BYTES);
  const spool = spoolIn(await spoolDirectory(root), options);
  let kept = 0;
  const millis = millisOf(() => {
    for (const each of envelopes) kept += spool.keepSync(each) ? 1 : 0;
  });

  expect(kept).toBe(10_000);
  // In memory, it takes 0.6 s, and 1 s while other tests run. On slower machines, the bound is what the files alone cost.
  const bound = millis < MILLIS ? MILLIS : 2 * (await bareMillis(root, envelopes));
  expect(millis).toBeLessThan(Math.max(MILLIS, bound));
  const claims = cpuTime();
  for (let count = 0; count < 200; count += 1) await (await spool.claim(NO_LIMIT))?.done();
  expect(claims() / 200).toBeLessThan(10);
});

/** CPU time of the same files without a spool. */
async function bareMillis(root: string, envelopes: readonly EncodedEnvelope[]): Promise<number> {
  const bare = await spoolDirectory(root);
  await systemFiles.makeDirectory(bare);
  return millisOf(() => {
    for (const { eventId = "", body } of envelopes) {
      systemFiles.writeSync(join(bare, `${eventId}.tmp`), body);
      systemFiles.renameSync(join(bare, `${eventId}.tmp`), join(bare, eventId));
    }
  });
}

function millisOf(run: () => void): number {
  const cpu = cpuTime();
  run();
  return cpu();
}
