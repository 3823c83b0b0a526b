import { expect, it } from "vitest";

import { expectAccounted, outcomeOf } from "./accounted.js";
import { openClient } from "./client-bench.js";
import { movableClock } from "../time/movable-clock.js";
import { openDelivery } from "./delivery.js";
import type { DeliveryBench } from "./delivery.js";
import type { CapturedCategory } from "./envelopes.js";
import { describeRow, startFaultServer } from "./kit.js";
import type { FaultServer } from "./kit.js";
import type { RequestRule } from "./server-protocol.js";

const SECOND = 1000;
const ALL: readonly CapturedCategory[] = ["transaction", "error", "monitor"];

/** Accepts the next envelope of the category, and tells of limits. */
function tell(limits: string, category: CapturedCategory): RequestRule {
  const headers = { "x-sentry-rate-limits": limits };
  return { category, times: 1, do: { kind: "respond", headers } };
}

/** Sends one of each category; returns which of them arrived. */
async function whatPasses(
  delivery: DeliveryBench,
  server: FaultServer,
): Promise<CapturedCategory[]> {
  const before = (await server.report()).processed;
  for (const category of ALL) await delivery.send(category);
  const { processed } = await server.report();
  return ALL.filter((category) => (processed[category] ?? 0) > (before[category] ?? 0));
}

describeRow(12, "200 with `60:transaction:org`", () => {
  it("stops transactions; check-ins and errors go on", async () => {
    const clock = movableClock();
    const server = await startFaultServer();
    await server.script({ requests: [tell("60:transaction:org", "transaction")] });
    const delivery = openDelivery(server);
    await delivery.send("transaction");
    expect(await whatPasses(delivery, server)).toEqual(["error", "monitor"]);
    expect(delivery.accounting().dropped).toEqual({
      transaction: { ratelimit_backoff: 1 },
      span: { ratelimit_backoff: 3 },
    });
    clock.pass(61 * SECOND);
    expect(await whatPasses(delivery, server)).toEqual(ALL);
    await expectAccounted(delivery.accounting(), server);
  });

  it("is what a client counts, too", async () => {
    const server = await startFaultServer();
    await server.script({ requests: [tell("60:transaction:org", "transaction")] });
    const app = openClient(server);
    app.captureTransactions(1);
    await app.client.flush();
    app.captureTransactions(5);
    app.captureErrors(5);
    await app.client.flush();
    expect(outcomeOf(app.accounting())).toEqual({
      delivered: { transaction: 1, span: 3, error: 5 },
      dropped: { transaction: { ratelimit_backoff: 5 }, span: { ratelimit_backoff: 15 } },
    });
    await expectAccounted(app.accounting(), server);
  });
});

describeRow(13, "`0:transaction:org`, then `60::org`", () => {
  it("stops everything after the second", async () => {
    const clock = movableClock();
    const server = await startFaultServer();
    await server.script({
      requests: [tell("0:transaction:org", "transaction"), tell("60::org", "transaction")],
    });
    const delivery = openDelivery(server);
    await delivery.send("transaction");
    await delivery.send("transaction");
    expect(await whatPasses(delivery, server)).toEqual([]);
    clock.pass(61 * SECOND);
    expect(await whatPasses(delivery, server)).toEqual(ALL);
    expect(delivery.accounting().delivered).toMatchObject({ transaction: 3, error: 1, monitor: 1 });
    await expectAccounted(delivery.accounting(), server);
  });
});

describeRow(14, "`60:transaction`, then `1:transaction`", () => {
  it("applies the longer one", async () => {
    const clock = movableClock();
    const server = await startFaultServer();
    await server.script({
      requests: [tell("60:transaction:key", "transaction"), tell("1:transaction:key", "error")],
    });
    const delivery = openDelivery(server);
    await delivery.send("transaction");
    await delivery.send("error");
    clock.pass(2 * SECOND);
    expect(await whatPasses(delivery, server)).toEqual(["error", "monitor"]);
    clock.pass(59 * SECOND);
    expect(await whatPasses(delivery, server)).toEqual(ALL);
    await expectAccounted(delivery.accounting(), server);
  });
});

describeRow(15, "limits that are new, long or spaced out", () => {
  it.each<[string, string, readonly CapturedCategory[]]>([
    ["an unknown category alone limits nothing", "60:profile_chunk_ui:org", ALL],
    ["two unknown ones limit nothing", "60:teleport;warp:org", ALL],
    [
      "a known one beside an unknown one is obeyed",
      "60:warp;error:org",
      ["transaction", "monitor"],
    ],
    [
      "six fields are read by their first two",
      "60:monitor:organization:quota:custom:more",
      ["transaction", "error"],
    ],
    ["spaces do no harm", "  60 : transaction ; error : organization , 60 : monitor : key ", []],
    ["fractions are seconds, too", "59.5:error:key", ["transaction", "monitor"]],
  ])("%s", async (_what, limits, expected) => {
    const server = await startFaultServer();
    await server.script({ requests: [tell(limits, "error")] });
    const delivery = openDelivery(server);
    await delivery.send("error");
    expect(await whatPasses(delivery, server)).toEqual(expected);
    await expectAccounted(delivery.accounting(), server);
  });
});
