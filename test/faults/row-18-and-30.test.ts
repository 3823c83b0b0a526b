import { expect, it } from "vitest";

import { expectAccounted, outcomeOf } from "./accounted.js";
import { movableClock } from "../time/movable-clock.js";
import { openDelivery } from "./delivery.js";
import { describeRow, startFaultServer } from "./kit.js";
import { SENDS_HERE } from "./sender-thread.js";

describeRow(18, "502, 503 and 504, with Retry-After", () => {
  it.each([502, 503, 504])("(%i) is a send_error, and throttles nothing", async (status) => {
    const server = await startFaultServer();
    const headers = { "retry-after": "60" };
    await server.script({ requests: [{ times: 1, do: { kind: "respond", status, headers } }] });
    const delivery = openDelivery(server);
    await delivery.send();
    await delivery.send();
    expect(outcomeOf(delivery.accounting())).toEqual({
      delivered: { error: 1 },
      dropped: { error: { send_error: 1 } },
    });
    await delivery.flush();
    await expectAccounted(delivery.accounting(), server, { areReportsComplete: true });
  });

  it.each([502, 503, 504])("(%i) is delivered after the window with retryOn5xx", async (status) => {
    const server = await startFaultServer();
    const headers = { "retry-after": "1" };
    await server.script({ requests: [{ times: 1, do: { kind: "respond", status, headers } }] });
    const delivery = openDelivery(server, { retryOn5xx: true });
    const start = performance.now();
    await delivery.send();
    expect(performance.now() - start).toBeGreaterThan(990);
    expect(outcomeOf(delivery.accounting())).toEqual({ delivered: { error: 1 }, dropped: {} });
    await expectAccounted(delivery.accounting(), server);
  });
});

describeRow(30, "clocks that jump, and a process that was frozen", () => {
  it("limits and deadlines do not follow the wall clock", async () => {
    const server = await startFaultServer();
    const headers = { "x-sentry-rate-limits": "60:transaction:key" };
    await server.script({ requests: [{ times: 1, do: { kind: "respond", headers } }] });
    const clock = movableClock();
    const delivery = openDelivery(server);
    await delivery.send();
    clock.setWall(3_600_000);
    delivery.capture(1, "transaction");
    await delivery.send();
    clock.setWall(-7_200_000);
    await delivery.send();
    expect(outcomeOf(delivery.accounting())).toEqual({
      delivered: { error: 3 },
      dropped: { transaction: { ratelimit_backoff: 1 }, span: { ratelimit_backoff: 3 } },
    });
    await expectAccounted(delivery.accounting(), server);
  });

  it("connections that were idle meanwhile are not used again after a thaw", async () => {
    const server = await startFaultServer();
    const clock = movableClock();
    const delivery = openDelivery(server, SENDS_HERE);
    await delivery.send();
    clock.pass(60_000);
    await server.freezeConnections();
    const start = performance.now();
    await delivery.send();
    // Over the old connection it would have taken the deadline of 15 s.
    expect(performance.now() - start).toBeLessThan(70_000);
    expect((await server.report()).connections.opened).toBe(2);
    expect(outcomeOf(delivery.accounting())).toEqual({ delivered: { error: 2 }, dropped: {} });
    await expectAccounted(delivery.accounting(), server);
  });
});
