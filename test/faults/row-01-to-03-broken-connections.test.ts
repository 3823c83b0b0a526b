import { expect, it } from "vitest";

import { ownTime } from "../time/measure.js";
import { expectAccounted, outcomeOf } from "./accounted.js";
import { openDelivery } from "./delivery.js";
import { describeRow, startFaultServer } from "./kit.js";

for (const [row, kind] of [
  [1, "rst"],
  [2, "fin"],
] as const) {
  describeRow(row, `${kind.toUpperCase()} before an answer, on a new connection`, () => {
    it("is tried once more, and delivered", async () => {
      const server = await startFaultServer();
      await server.script({ requests: [{ times: 1, do: { kind } }] });
      const delivery = openDelivery(server);
      await delivery.send();
      expect(outcomeOf(delivery.accounting())).toEqual({ delivered: { error: 1 }, dropped: {} });
      expect((await server.report()).events.maxAttempts).toBe(2);
      await expectAccounted(delivery.accounting(), server);
    });

    it("a second time is a network_error, after two attempts", async () => {
      const server = await startFaultServer();
      await server.script({ requests: [{ times: 2, do: { kind } }] });
      const delivery = openDelivery(server);
      await delivery.send();
      expect(outcomeOf(delivery.accounting())).toEqual({
        delivered: {},
        dropped: { error: { network_error: 1 } },
      });
      expect((await server.report()).requests.whole).toBe(2);
      // The loss is told to the server once it answers.
      await delivery.send();
      await delivery.flush();
      await expectAccounted(delivery.accounting(), server, { areReportsComplete: true });
    });

    it("where the server had taken it all the same, arrives twice with one id and the same bytes", async () => {
      const server = await startFaultServer();
      await server.script({ requests: [{ times: 1, do: { kind, process: true } }] });
      const delivery = openDelivery(server);
      await delivery.send("transaction");
      const { events } = await server.report();
      expect(events).toMatchObject({ unique: 1, duplicates: 1, differing: 0 });
      await expectAccounted(delivery.accounting(), server, { hasUnknownOutcomes: true });
    });
  });
}

describeRow(3, "RST or FIN on the second request of a kept connection", () => {
  it.each(["rst", "fin"] as const)("(%s) goes on at once over a new connection", async (kind) => {
    const server = await startFaultServer();
    await server.script({ requests: [{ onReused: true, do: { kind } }] });
    const delivery = openDelivery(server, { maxConnections: 1 });
    const delays: number[] = [];
    for (let count = 0; count < 40; count += 1) {
      delays.push((await ownTime(() => delivery.send())).millis);
    }
    expect(outcomeOf(delivery.accounting())).toEqual({ delivered: { error: 40 }, dropped: {} });
    // A delayed retry would be seen: its shortest pause is longer than this.
    expect(delays.toSorted((a, b) => a - b)[37]).toBeLessThan(200);
    expect((await server.report()).events.maxAttempts).toBeLessThanOrEqual(2);
    await expectAccounted(delivery.accounting(), server);
  });
});
