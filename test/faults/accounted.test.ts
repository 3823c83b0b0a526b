import { describe, expect, it } from "vitest";

import type { Accounting, ClientAccounting } from "./accounted.js";
import { violations } from "./accounted.js";
import { openDelivery } from "./delivery.js";
import { envelopeFor } from "./envelopes.js";
import { startFaultServer } from "./kit.js";
import { post } from "./plain-client.js";
import type { ServerReport } from "./server-protocol.js";

const NOTHING: ServerReport = {
  connections: { opened: 0, open: 0, peak: 0, reset: 0, byRequests: {} },
  requests: { begun: 0, whole: 0, answered: 0 },
  bytes: { received: 0, decoded: 0 },
  envelopes: 0,
  items: {},
  events: { unique: 0, duplicates: 0, differing: 0, unanswered: 0, maxAttempts: 0, forgotten: 0 },
  processed: {},
  unanswered: {},
  limited: {},
  reports: { count: 0, repeated: 0, quantities: {} },
  faults: [],
  firstRequestAt: undefined,
  lastRequestAt: undefined,
};

const UNKNOWN: Accounting = { hasUnknownOutcomes: true };

function accounting(parts: Partial<ClientAccounting>): ClientAccounting {
  return { captured: {}, delivered: {}, queued: {}, spooled: {}, dropped: {}, ...parts };
}

function told(counts: Record<string, number>): ServerReport {
  return { ...NOTHING, reports: { count: 1, repeated: 0, quantities: { error: counts } } };
}

describe("the accounting finds", () => {
  it("nothing where all is accounted for", () => {
    const client = accounting({
      captured: { error: 10, transaction: 1 },
      delivered: { error: 4 },
      queued: { error: 1, transaction: 1 },
      spooled: { error: 2 },
      dropped: { error: { send_error: 1, rate_limited: 1, closed: 1 } },
    });
    const server = { ...NOTHING, processed: { error: 4 }, limited: { error: 1 } };
    expect(violations(client, server)).toEqual([]);
  });

  it("items that the client lost without counting them, or counted twice", () => {
    const server = { ...NOTHING, processed: { error: 4 } };
    const lost = accounting({ captured: { error: 5 }, delivered: { error: 4 } });
    expect(violations(lost, server)).toEqual([expect.stringContaining("4 of 5")]);
    const twice = accounting({ captured: { error: 3 }, delivered: { error: 4 } });
    expect(violations(twice, server)).toEqual([expect.stringContaining("4 of 3")]);
  });

  it("items that count as delivered and never arrived, also among unknown outcomes", () => {
    const client = accounting({ captured: { error: 5 }, delivered: { error: 5 } });
    const server = { ...NOTHING, processed: { error: 4 } };
    expect(violations(client, server)).toEqual([expect.stringContaining("delivered: 4 of 5")]);
    expect(violations(client, server, UNKNOWN)).not.toEqual([]);
  });

  it("items that arrived and count as lost, unless the server did not answer", () => {
    const client = accounting({
      captured: { error: 5 },
      delivered: { error: 3 },
      dropped: { error: { network_error: 2 } },
    });
    const arrived = { ...NOTHING, processed: { error: 5 } };
    expect(violations(client, arrived)).not.toEqual([]);
    expect(violations(client, arrived, UNKNOWN)).not.toEqual([]);
    const unanswered = { ...arrived, unanswered: { error: 2 } };
    expect(violations(client, unanswered, UNKNOWN)).toEqual([]);
  });

  it("items that arrived without a response and count as never sent", () => {
    const client = accounting({ captured: { error: 1 }, dropped: { error: { before_send: 1 } } });
    const server = { ...NOTHING, processed: { error: 1 }, unanswered: { error: 1 } };
    expect(violations(client, server, UNKNOWN)).not.toEqual([]);
  });

  it("reports of items that were not lost, and missing reports of losses", () => {
    const client = accounting({
      captured: { error: 4 },
      dropped: { error: { send_error: 2, closed: 2 } },
    });
    expect(violations(client, told({ send_error: 1 }))).toEqual([]);
    expect(violations(client, told({ send_error: 3 }))).not.toEqual([]);
    expect(violations(client, told({ send_error: 2, closed: 2 }))).not.toEqual([]);
    const complete = { areReportsComplete: true };
    expect(violations(client, told({ send_error: 1 }), complete)).not.toEqual([]);
    expect(violations(client, told({ send_error: 2 }), complete)).toEqual([]);
  });

  it("repeated ids with another payload, and what was malformed", () => {
    const server = {
      ...NOTHING,
      events: { ...NOTHING.events, differing: 1 },
      faults: ["an item goes on"],
    };
    expect(violations(accounting({}), server)).toHaveLength(2);
  });
});

describe("the accounting of a delivery", () => {
  it("holds on a server without faults", async () => {
    const server = await startFaultServer();
    const delivery = openDelivery(server);
    delivery.capture(20, "transaction");
    delivery.capture(20, "error");
    delivery.capture(20, "monitor");
    expect(await delivery.flush()).toBe(true);
    expect(violations(delivery.accounting(), await server.report())).toEqual([]);
    expect(delivery.accounting().delivered).toEqual({
      transaction: 20,
      span: 60,
      error: 20,
      monitor: 20,
    });
  });

  it("does not hold where the server has what the client never sent", async () => {
    const server = await startFaultServer();
    const delivery = openDelivery(server);
    await delivery.send();
    await post(server, envelopeFor());
    expect(violations(delivery.accounting(), await server.report())).not.toEqual([]);
  });
});
