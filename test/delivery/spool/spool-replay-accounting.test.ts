import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import fc from "fast-check";
import { expect, it } from "vitest";

import { DiscardLedger } from "../../../src/client-reports/ledger.js";
import { createSpool } from "../../../src/delivery/spool/file-spool.js";
import type { SpooledEnvelope } from "../../../src/delivery/spool/spool.js";
import { ItemCounter } from "../../../src/protocol/data-category.js";
import { createSpoolReplay } from "../../../src/delivery/spool/spool-replay.js";
import { LIMITED, REJECTED, RETRYABLE, heldAnswer } from "./spool-replay-support.js";
import { DELIVERED, envelopeOf, recordingDiagnostics, sumOf } from "../support.js";
import { times } from "../../property/runs.js";

it("captured is delivered, reported and spooled at every moment, whatever the server answers", async () => {
  const answers = fc.array(fc.constantFrom(DELIVERED, REJECTED, LIMITED, RETRYABLE), {
    maxLength: 40,
  });
  await fc.assert(
    fc.asyncProperty(answers, fc.integer({ min: 1, max: 12 }), async (script, count) => {
      const directory = await mkdtemp(join(tmpdir(), "spool-replay-"));
      const recorder = new DiscardLedger();
      const { diagnostics } = recordingDiagnostics();
      const spool = createSpool({ directory, recorder, diagnostics });
      const delivered = new ItemCounter();
      const balance = (): void =>
        expect(sumOf(delivered.counts(), recorder.snapshot(), spool.counts().spooled)).toEqual({
          error: count,
        });
      for (let index = 0; index < count; index += 1) await spool.keep(envelopeOf("error"));

      const over = heldAnswer();
      const replay = createSpoolReplay({
        spool,
        pauseMillis: 0,
        isLimited: () => false,
        timers: {
          after: () => () => {},
          soon: () => {},
          inBackground: (_, run) => {
            if (spool.counts().files === 0) over.give(DELIVERED);
            else setImmediate(() => [balance(), run()]);
            return () => {};
          },
        },
        async send() {
          balance();
          return script.shift() ?? DELIVERED;
        },
        onOutcome({ envelope, isOwn }: SpooledEnvelope, { outcome }) {
          balance();
          if (!isOwn || outcome === "limited") return;
          if (outcome === "delivered") delivered.add(envelope.contents);
          else recorder.record("send_error", envelope.contents);
          queueMicrotask(balance);
        },
      });
      replay.start();
      await over.promise;
      await replay.stop();
      await rm(directory, { recursive: true });
      expect(spool.counts()).toEqual({ spooled: {}, files: 0, bytes: 0 });
      balance();
    }),
    times(150),
  );
});
