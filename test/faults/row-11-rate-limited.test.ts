import { expect, it } from "vitest";

import { expectAccounted, outcomeOf } from "./accounted.js";
import { openClient } from "./client-bench.js";
import { movableClock } from "../time/movable-clock.js";
import { openDelivery } from "./delivery.js";
import { describeRow, startFaultServer } from "./kit.js";

const SECOND = 1000;

describeRow(11, "429", () => {
  it.each<[string, string | undefined, number]>([
    ["without a Retry-After", undefined, 60],
    ["with seconds", "7", 7],
    ["with part of a second", "1.5", 1.5],
    ["with a date", new Date(Date.now() + 3_600_000).toUTCString(), 3600],
    ["with garbage", "soon", 60],
    ["with nothing in it", "", 60],
  ])("%s stops everything for the time that is meant", async (_what, retryAfter, seconds) => {
    const clock = movableClock();
    const server = await startFaultServer();
    const headers = retryAfter === undefined ? {} : { "retry-after": retryAfter };
    const limited = { kind: "respond", status: 429, headers } as const;
    await server.script({ requests: [{ category: "error", times: 1, do: limited }] });
    const delivery = openDelivery(server);
    await delivery.send("error");

    // A date has whole seconds only, and the test has taken time since it was made.
    clock.pass((seconds - Math.min(seconds / 2, 60)) * SECOND);
    await delivery.send("error");
    await delivery.send("monitor");
    expect(outcomeOf(delivery.accounting())).toEqual({
      delivered: {},
      dropped: {
        error: { rate_limited: 1, ratelimit_backoff: 1 },
        monitor: { ratelimit_backoff: 1 },
      },
    });
    expect(Object.keys(await server.events())).toHaveLength(1);

    clock.pass(60 * SECOND);
    await delivery.send("error");
    expect(delivery.accounting().delivered).toEqual({ error: 1 });
    await expectAccounted(delivery.accounting(), server);
  });

  it("with a negative time loses that envelope only", async () => {
    const server = await startFaultServer();
    const limited = { kind: "respond", status: 429, headers: { "retry-after": "-5" } } as const;
    await server.script({ requests: [{ category: "error", times: 1, do: limited }] });
    const delivery = openDelivery(server);
    await delivery.send();
    await delivery.send();
    expect(outcomeOf(delivery.accounting())).toEqual({
      delivered: { error: 1 },
      dropped: { error: { rate_limited: 1 } },
    });
    await expectAccounted(delivery.accounting(), server);
  });

  it("with limits by category stops these, whatever its Retry-After says", async () => {
    const clock = movableClock();
    const server = await startFaultServer();
    const headers = { "retry-after": "600", "x-sentry-rate-limits": "10:error:key" };
    const limited = { kind: "respond", status: 429, headers } as const;
    await server.script({ requests: [{ category: "error", times: 1, do: limited }] });
    const delivery = openDelivery(server);
    await delivery.send("error");
    await delivery.send("error");
    await delivery.send("transaction");
    clock.pass(11 * SECOND);
    await delivery.send("error");
    expect(outcomeOf(delivery.accounting())).toEqual({
      delivered: { error: 1, transaction: 1, span: 3 },
      dropped: { error: { rate_limited: 1, ratelimit_backoff: 1 } },
    });
    await expectAccounted(delivery.accounting(), server);
  });

  it("is counted by a client, with the spans of its transactions, and never sent again", async () => {
    const server = await startFaultServer();
    const limited = { kind: "respond", status: 429 } as const;
    await server.script({ requests: [{ category: "transaction", times: 1, do: limited }] });
    const app = openClient(server);
    app.captureTransactions(1, 4);
    await app.client.flush();
    app.captureTransactions(2, 4);
    app.captureErrors(3);
    await app.client.flush();
    expect(outcomeOf(app.accounting())).toEqual({
      delivered: {},
      dropped: {
        transaction: { rate_limited: 1, ratelimit_backoff: 2 },
        span: { rate_limited: 5, ratelimit_backoff: 10 },
        error: { ratelimit_backoff: 3 },
      },
    });
    expect((await server.report()).events.maxAttempts).toBe(1);
    await expectAccounted(app.accounting(), server);
  });
});
