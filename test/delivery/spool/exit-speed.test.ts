import { statfsSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { expect, it } from "vitest";

import { systemFiles } from "../../../src/delivery/spool/spool-files.js";
import { cpuTime } from "../../time/measure.js";
import { envelopeOf } from "../support.js";
import { NO_LIMIT, spoolDirectory, spoolIn } from "./spool-support.js";

it("10,000 envelopes cost less than 2 seconds of CPU time at the end of the process", async () => {
  const envelope = envelopeOf("transaction", { payloadBytes: 3000 });
  const envelopes = Array.from({ length: 10_000 }, (_, index) => ({
    ...envelope,
    eventId: index.toString(16).padStart(32, "0"),
  }));
  const options = { maxBytes: 1e9, maxFiles: 10_000 };
  const bare = await spoolDirectory(aboveSpools());
  await systemFiles.makeDirectory(bare);
  const bareMillis = millisOf(() => {
    for (const { eventId, body } of envelopes) {
      systemFiles.writeSync(join(bare, `${eventId}.tmp`), body);
      systemFiles.renameSync(join(bare, `${eventId}.tmp`), join(bare, eventId));
    }
  });

  const spool = spoolIn(await spoolDirectory(aboveSpools()), options);
  let kept = 0;
  const millis = millisOf(() => {
    for (const each of envelopes) kept += spool.keepSync(each) ? 1 : 0;
  });

  expect(kept).toBe(10_000);
  expect(millis).toBeLessThan(Math.max(2000, 2 * bareMillis));
  const claims = cpuTime();
  for (let count = 0; count < 200; count += 1) await (await spool.claim(NO_LIMIT))?.done();
  expect(claims() / 200).toBeLessThan(10);
});

const MEMORY = "/dev/shm";
const BYTES = 200_000_000;

// In memory, where Linux has room for all: where many files were removed just before, some file systems take long to create new ones.
function aboveSpools(): string {
  try {
    const { bavail, bsize } = statfsSync(MEMORY);
    return bavail * bsize > BYTES ? MEMORY : tmpdir();
  } catch {
    return tmpdir();
  }
}

function millisOf(run: () => void): number {
  const cpu = cpuTime();
  run();
  return cpu();
}
