import { expect, it } from "vitest";

import { expectAccounted, outcomeOf } from "./accounted.js";
import { openDelivery } from "./delivery.js";
import { describeRow, startFaultServer } from "./kit.js";
import type { FaultScript, RequestAction } from "./server-protocol.js";

const FLUSH_MILLIS = 60_000;

describeRow(20, "a response that is unusual HTTP, or not HTTP", () => {
  it.each<[string, FaultScript]>([
    ["an SSH banner for an answer", { requests: [{ do: { kind: "garbage" } }] }],
    ["an SSH banner for a greeting", { connections: [{ do: { kind: "garbage" } }] }],
    [
      "bytes for an answer",
      { requests: [{ do: { kind: "garbage", bytes: "\0\u0001\u0002\r\n" } }] },
    ],
    ["a hang-up without an answer", { requests: [{ do: { kind: "fin" } }] }],
  ])("%s is a `network_error`, and tried twice at most", async (_what, script) => {
    const server = await startFaultServer();
    await server.script(script);
    const delivery = openDelivery(server);
    const [lost] = delivery.capture(1);
    expect(await delivery.flush(FLUSH_MILLIS)).toBe(true);
    const dropped = { error: { network_error: 1 } };
    expect(outcomeOf(delivery.accounting())).toEqual({ delivered: {}, dropped });
    const seen = (await server.events())[lost?.eventId ?? ""];
    expect(seen?.attempts ?? 0).toBeLessThanOrEqual(2);
    await server.script({});
    delivery.capture(1);
    expect(await delivery.flush(FLUSH_MILLIS)).toBe(true);
    expect(outcomeOf(delivery.accounting())).toEqual({ delivered: { error: 1 }, dropped });
    await expectAccounted(delivery.accounting(), server);
  });

  it.each<[string, RequestAction]>([
    ["as HTTP/1.0, without a length, and the end", { kind: "respond", connection: "http10" }],
    ["with `Connection: close`", { kind: "respond", connection: "close" }],
    ["after 100", { kind: "respond", informational: [100] }],
    ["after 100 twice", { kind: "respond", informational: [100, 100] }],
    ["after 103, 100 and 102", { kind: "respond", informational: [103, 100, 102] }],
    ["after 100 and a while", { kind: "respond", informational: [100], delayMillis: 50 }],
    ["after 103 and 102", { kind: "respond", informational: [103, 102] }],
    ["with 204 and no body", { kind: "respond", status: 204 }],
    ["with 202", { kind: "respond", status: 202 }],
    ["with a body that is no JSON", { kind: "respond", body: "<html>" }],
  ])("a success %s is a success", async (_what, action) => {
    const server = await startFaultServer();
    await server.script({ requests: [{ do: action }] });
    const delivery = openDelivery(server, { maxConnections: 1 });
    for (const category of ["error", "transaction", "error"] as const)
      await delivery.send(category);
    expect(outcomeOf(delivery.accounting())).toEqual({
      delivered: { error: 2, transaction: 1, span: 3 },
      dropped: {},
    });
    expect((await server.report()).events).toMatchObject({ unique: 3, maxAttempts: 1 });
    expect(delivery.warnings).toEqual([]);
    await expectAccounted(delivery.accounting(), server);
  });
});
