import { expect, it } from "vitest";

import { expectAccounted, outcomeOf } from "./accounted.js";
import { openDelivery } from "./delivery.js";
import { describeRow, startFaultServer } from "./kit.js";

describeRow(16, "413", () => {
  it("is a `send_error`, reported with its size, and never sent again", async () => {
    const server = await startFaultServer();
    const tooLarge = { kind: "respond", status: 413 } as const;
    await server.script({ requests: [{ category: "transaction", times: 1, do: tooLarge }] });
    const delivery = openDelivery(server);
    const [large] = delivery.capture(1, "transaction", { payloadBytes: 2_000_000, spans: 10 });
    expect(await delivery.flush()).toBe(true);
    await delivery.send("transaction");
    expect(outcomeOf(delivery.accounting())).toEqual({
      delivered: { transaction: 1, span: 3 },
      dropped: { transaction: { send_error: 1 }, span: { send_error: 11 } },
    });
    expect(delivery.warnings).toEqual([
      expect.stringMatching(new RegExp(`${large?.body.length} bytes.*413`, "u")),
    ]);
    expect((await server.report()).events.maxAttempts).toBe(1);
    await expectAccounted(delivery.accounting(), server);
  });
});
