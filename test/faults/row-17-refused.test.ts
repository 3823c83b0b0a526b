import { expect, it } from "vitest";

import { expectAccounted, outcomeOf } from "./accounted.js";
import { openClient } from "./client-bench.js";
import { openDelivery } from "./delivery.js";
import { describeRow, startFaultServer } from "./kit.js";

describeRow(17, "an envelope that the server refuses", () => {
  it.each([400, 401, 403, 404, 415, 500])(
    "with %i is a `send_error`, and never sent again",
    async (status) => {
      const server = await startFaultServer();
      const refuse = { kind: "respond", status, body: '{"detail":"no"}' } as const;
      await server.script({ requests: [{ category: "transaction", do: refuse }] });
      const app = openClient(server);
      app.captureTransactions(3, 4);
      app.captureErrors(2);
      expect(await app.client.flush()).toBe(true);
      expect(outcomeOf(app.accounting())).toEqual({
        delivered: { error: 2 },
        dropped: { transaction: { send_error: 3 }, span: { send_error: 15 } },
      });
      expect((await server.report()).events.maxAttempts).toBe(1);
      await expectAccounted(app.accounting(), server);
    },
  );

  it.each([400, 401, 403, 404, 500])("with %i is reported once", async (status) => {
    const server = await startFaultServer();
    await server.script({ requests: [{ do: { kind: "respond", status } }] });
    const delivery = openDelivery(server);
    delivery.capture(5);
    await delivery.flush();
    expect(delivery.warnings).toEqual([expect.stringContaining(`HTTP ${status}`)]);
  });
});
