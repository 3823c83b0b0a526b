import { setTimeout as delay } from "node:timers/promises";

import { expect, it } from "vitest";

import { spoolDirectory } from "../delivery/spool/spool-support.js";
import { ownTime } from "../time/measure.js";
import { openDelivery } from "./delivery.js";
import type { DeliveryOptions } from "./delivery.js";
import { describeRow, startFaultServer } from "./kit.js";

// How long a process that captures nothing more takes to deliver what it has, from the server's return on.
async function recoveryMillis(
  downMillis: number,
  count: number,
  options: DeliveryOptions,
): Promise<number> {
  const server = await startFaultServer();
  const delivery = openDelivery(server, options);
  await delivery.send();
  await server.stopListening();
  await server.resetConnections();
  delivery.capture(count);
  await delay(downMillis);
  await server.listen();
  const all = (): Promise<unknown> =>
    server.until(({ events }) => events.unique === count + 1, 30_000);
  return (await ownTime(all)).millis;
}

describeRow(21, "a server that comes back while the process captures nothing more", () => {
  it.each([
    [1, 500],
    [1, 5000],
    [8, 5000],
  ])(
    "is noticed as soon with a spool as without: %i envelopes, %i ms",
    async (count, downMillis) => {
      const spool = { directory: await spoolDirectory() };
      const [without, withSpool] = await Promise.all([
        recoveryMillis(downMillis, count, {}),
        recoveryMillis(downMillis, count, { spool }),
      ]);
      // Between two spooled envelopes lie 100 ms; probes come each half second, with jitter.
      expect(withSpool - without).toBeLessThan(3000);
    },
  );

  it("is noticed if the envelope to be sent is larger than the spool", async () => {
    const spool = { directory: await spoolDirectory(), maxBytes: 100 };
    expect(await recoveryMillis(3000, 4, { spool })).toBeLessThan(5000);
  });
});
