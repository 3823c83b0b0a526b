import { join } from "node:path";

import { expect, it } from "vitest";

import { systemFiles } from "../../../src/delivery/spool/spool-files.js";
import { cpuTime } from "../../time/measure.js";
import { envelopeOf } from "../support.js";
import { NO_LIMIT, spoolDirectory, spoolIn } from "./spool-support.js";

it("10,000 envelopes cost less than 2 seconds of CPU time at the end of the process", async () => {
  const envelopes = Array.from({ length: 10_000 }, () =>
    envelopeOf("transaction", { payloadBytes: 10_000 }),
  );
  const options = { maxBytes: 1e9, maxFiles: 10_000 };
  // Where many files were removed just before, some file systems take long to create new ones.
  const bare = await spoolDirectory();
  await systemFiles.makeDirectory(bare);
  const bareMillis = millisOf(() => {
    for (const { eventId, body } of envelopes) {
      systemFiles.writeSync(join(bare, `${eventId}.tmp`), body);
      systemFiles.renameSync(join(bare, `${eventId}.tmp`), join(bare, `${eventId}`));
    }
  });

  const spool = spoolIn(await spoolDirectory(), options);
  let kept = 0;
  const millis = millisOf(() => {
    for (const envelope of envelopes) kept += spool.keepSync(envelope) ? 1 : 0;
  });

  expect(kept).toBe(10_000);
  expect(millis).toBeLessThan(Math.max(2000, 2 * bareMillis));
  const claims = cpuTime();
  for (let count = 0; count < 200; count += 1) await (await spool.claim(NO_LIMIT))?.done();
  expect(claims() / 200).toBeLessThan(10);
});

function millisOf(run: () => void): number {
  const cpu = cpuTime();
  run();
  return cpu();
}
