import { setTimeout } from "node:timers/promises";

import { expect, it } from "vitest";

import { expectAccounted, outcomeOf } from "./accounted.js";
import { some } from "../property/runs.js";
import { openDelivery } from "./delivery.js";
import type { DeliveryBench } from "./delivery.js";
import { describeRow, startFaultServer } from "./kit.js";
import type { RequestRule } from "./server-protocol.js";

const REQUESTS = 1000;
const MAX_DUPLICATES = REQUESTS / 100;

// How a server ends a connection that has carried so many requests, without announcing it.
const ENDINGS: Readonly<Record<string, (requests: number) => RequestRule[]>> = {
  "RST at the next request": (requests) => [after(requests, { kind: "rst" })],
  "FIN at the next request": (requests) => [after(requests, { kind: "fin" })],
  "RST behind the answer": (requests) => [last(requests, "rst")],
  "FIN behind the answer": (requests) => [last(requests, "fin")],
  "half-close behind the answer": (requests) => [last(requests, "half-close")],
  "RST of a request that it has processed": (requests) => [
    after(requests, { kind: "rst", process: true }),
  ],
};

function after(requests: number, action: RequestRule["do"]): RequestRule {
  return { nthOnConnection: requests + 1, do: action };
}

function last(requests: number, ending: "fin" | "half-close" | "rst"): RequestRule {
  return { nthOnConnection: requests, do: { kind: "respond", ending } };
}

async function inSequence(delivery: DeliveryBench): Promise<void> {
  for (let count = 0; count < REQUESTS; count += 1) await delivery.send();
}

async function inBursts(delivery: DeliveryBench): Promise<void> {
  for (const size of [REQUESTS / 2, REQUESTS / 4, REQUESTS / 4]) {
    delivery.capture(size);
    expect(await delivery.flush(30_000)).toBe(true);
  }
}

// As requests of an application come: a few at a time, and the next ones before or after the connections have ended.
async function inSmallBursts(delivery: DeliveryBench): Promise<void> {
  for (let round = 0, sent = 0; sent < REQUESTS; round += 1) {
    const count = Math.min([10, 50, 200][round % 3] ?? 0, REQUESTS - sent);
    delivery.capture(count);
    sent += count;
    await setTimeout((round * 7) % 21);
  }
  expect(await delivery.flush(30_000)).toBe(true);
}

describeRow(3, "a server that ends connections after a few requests", () => {
  const all = Object.keys(ENDINGS).flatMap((ending) =>
    [1, 2, 3].flatMap((requests) => [
      { ending, requests, by: "in sequence", send: inSequence },
      { ending, requests, by: "in bursts", send: inBursts },
      { ending, requests, by: "in small bursts", send: inSmallBursts },
    ]),
  );

  it.each(some(all))(
    "($ending, after $requests, $by) costs no envelope, and at most 1 % arrive twice",
    async ({ ending, requests, send }) => {
      const server = await startFaultServer();
      await server.script({ requests: ENDINGS[ending]?.(requests) ?? [] });
      const delivery = openDelivery(server);
      await send(delivery);
      expect(outcomeOf(delivery.accounting())).toEqual({
        delivered: { error: REQUESTS },
        dropped: {},
      });
      const { events } = await server.report();
      expect(events).toMatchObject({ unique: REQUESTS, differing: 0 });
      expect(events.duplicates).toBeLessThanOrEqual(MAX_DUPLICATES);
      await expectAccounted(delivery.accounting(), server, { hasUnknownOutcomes: true });
    },
  );
});
