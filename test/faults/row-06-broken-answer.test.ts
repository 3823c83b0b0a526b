import { expect, it } from "vitest";

import { expectAccounted, outcomeOf } from "./accounted.js";
import { openDelivery } from "./delivery.js";
import { describeRow, startFaultServer } from "./kit.js";
import type { RequestAction } from "./server-protocol.js";

const BROKEN = [
  ["is reset in its body", { kind: "headers-then", ending: "rst" }],
  ["ends in its body", { kind: "headers-then", ending: "fin" }],
  ["ends in its chunked body", { kind: "headers-then", ending: "fin", body: "chunked" }],
  ["is reset in its chunked body", { kind: "headers-then", ending: "rst", body: "chunked" }],
] as const satisfies [string, RequestAction][];

describeRow(6, "a 200 response that breaks after its header", () => {
  it.each(BROKEN)("that %s is a success; the next send has a new connection", async (_, action) => {
    const server = await startFaultServer();
    await server.script({ requests: [{ category: "error", times: 1, do: action }] });
    const delivery = openDelivery(server, { maxConnections: 1 });
    await delivery.send();
    await delivery.send();
    expect(outcomeOf(delivery.accounting())).toEqual({ delivered: { error: 2 }, dropped: {} });
    const report = await server.report();
    expect(report).toMatchObject({
      connections: { opened: 2 },
      events: { unique: 2, maxAttempts: 1 },
    });
    await expectAccounted(delivery.accounting(), report);
    expect(delivery.warnings).toEqual([]);
  });

  it.each(BROKEN)("that %s every second time costs none of 200", async (_, action) => {
    const server = await startFaultServer();
    const nth = Array.from({ length: 200 }, (__, index) => 2 * index + 1);
    await server.script({ requests: [{ nth, do: action }] });
    const delivery = openDelivery(server);
    delivery.capture(200, "transaction");
    expect(await delivery.flush()).toBe(true);
    expect(outcomeOf(delivery.accounting())).toEqual({
      delivered: { transaction: 200, span: 600 },
      dropped: {},
    });
    await expectAccounted(delivery.accounting(), server);
  });
});
