import { join } from "node:path";

import { expect, it } from "vitest";

import { systemFiles } from "../../src/spool/spool-files.js";
import { envelopeOf } from "../transport/support.js";
import { NO_LIMIT, spoolDirectory, spoolIn } from "./spool-support.js";

it("10,000 envelopes are kept well within 2 seconds at the end of the process", async () => {
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
  const claimStart = performance.now();
  for (let count = 0; count < 200; count += 1) await (await spool.claim(NO_LIMIT))?.done();
  const perClaim = (performance.now() - claimStart) / 200;
  expect(perClaim).toBeLessThan(10);
});

function millisOf(run: () => void): number {
  const startedAt = performance.now();
  run();
  return performance.now() - startedAt;
}
