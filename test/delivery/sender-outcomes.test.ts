import { describe, expect, it } from "vitest";

import type { SendResult } from "../../src/delivery/transport.js";
import { answer, bench, failure } from "./sender-bench.js";
import { DELIVERED, envelopeOf } from "./support.js";

describe("an outcome", () => {
  const cases: [string, SendResult, string][] = [
    ["rejected is a send_error", answer(413), "send_error"],
    ["limited is counted by the server, and only kept here", answer(429), "rate_limited"],
    ["without a response is a network_error", failure("ECONNRESET"), "network_error"],
  ];

  it.each(cases)("%s", async (_claim, result, reason) => {
    const { sender, transport, timers, recorder } = bench();
    sender.enqueue(envelopeOf("transaction", { contents: [{ category: "span", quantity: 5 }] }));
    await timers.turn();
    transport.release(result);
    await timers.turn();
    expect(recorder.snapshot()).toEqual({ span: { [reason]: 5 } });
    expect(sender.stats()).toMatchObject({ delivered: {}, inFlight: 0, envelopesSent: 0 });
  });

  it("delivered is counted by its contents", async () => {
    const { sender, transport, timers, recorder } = bench();
    const contents = [
      { category: "transaction", quantity: 1 },
      { category: "span", quantity: 21 },
    ] as const;
    for (let count = 0; count < 2; count += 1)
      sender.enqueue(envelopeOf("transaction", { contents }));
    await timers.turn();
    expect(sender.stats()).toMatchObject({
      queued: { transaction: 2, span: 42 },
      inFlight: 2,
      queuedItems: 0,
    });
    transport.releaseAll();
    await timers.turn();
    expect(sender.stats()).toMatchObject({
      delivered: { transaction: 2, span: 42 },
      queued: {},
      envelopesSent: 2,
    });
    expect(recorder.snapshot()).toEqual({});
  });

  it("of a transport that throws is an internal_sdk_error", async () => {
    const { sender, transport, timers, recorder, warnings } = bench();
    sender.enqueue(envelopeOf());
    await timers.turn();
    transport.release(new Error("a bug"));
    await timers.turn();
    expect(recorder.snapshot()).toEqual({ transaction: { internal_sdk_error: 1 } });
    expect(warnings).toEqual([expect.stringContaining("the transport threw")]);
  });

  it("of a transport that throws at once is an internal_sdk_error, and the next is sent", async () => {
    let calls = 0;
    const transport = {
      close: async () => {},
      send: () => {
        calls += 1;
        if (calls === 1) throw new Error("a bug");
        return Promise.resolve(DELIVERED);
      },
    };
    const { sender, timers, recorder } = bench({ transport });
    sender.enqueue(envelopeOf());
    sender.enqueue(envelopeOf());
    await timers.turn();
    expect(recorder.snapshot()).toEqual({ transaction: { internal_sdk_error: 1 } });
    expect(sender.stats().envelopesSent).toBe(1);
  });

  it.each([
    [answer(403), /HTTP 403.*check the DSN/],
    [answer(401), /HTTP 401.*check the DSN/],
    [answer(404), /HTTP 404.*host and path of the DSN/],
    [answer(413), /\d+ bytes with HTTP 413.*too large/],
    [answer(302), /HTTP 302.*redirects are not followed/],
    [answer(503), /HTTP 503.*overloaded/],
    [answer(418), /HTTP 418.*the envelope is lost; check the DSN/],
    [answer(429), /HTTP 429/],
    [failure("ECONNREFUSED"), /nothing is listening on the DSN's host and port \(ECONNREFUSED\)/],
    [failure("EUNHEARD", "what it says"), /what it says \(EUNHEARD\)/],
    [
      {
        outcome: "retryable",
        error: new Error("fetch failed", {
          cause: Object.assign(new Error(""), { code: "ENOTFOUND" }),
        }),
      },
      /ENOTFOUND/,
    ],
    [
      {
        outcome: "retryable",
        error: new AggregateError(
          [Object.assign(new Error(""), { code: "ETIMEDOUT" })],
          "all failed",
        ),
      },
      /the connection timed out \(ETIMEDOUT\)/,
    ],
  ] satisfies [SendResult, RegExp][])("is explained once: %o", async (result, expected) => {
    const { sender, transport, timers, warnings } = bench();
    for (let count = 0; count < 3; count += 1) sender.enqueue(envelopeOf());
    await timers.turn();
    transport.releaseAll(result);
    await timers.turn();
    expect(warnings).toEqual([expect.stringMatching(expected)]);
  });
});

describe("a rate limit", () => {
  it("stops captures of its category, and of no other", async () => {
    const { sender, transport, timers, recorder } = bench();
    sender.enqueue(envelopeOf());
    await timers.turn();
    transport.release(answer(200, "60:transaction:organization"));
    await timers.turn();
    sender.enqueue(envelopeOf("transaction"));
    sender.enqueue(envelopeOf("error"));
    await timers.turn();
    expect(recorder.snapshot()).toEqual({ transaction: { ratelimit_backoff: 1 } });
    expect(transport.sent.map(({ category }) => category)).toEqual(["transaction", "error"]);
  });

  it("stops waiting envelopes right before they would be sent", async () => {
    const { sender, transport, timers, recorder } = bench({ maxConcurrency: 1 });
    for (let count = 0; count < 5; count += 1) sender.enqueue(envelopeOf());
    const flushed = sender.flush(1000);
    await timers.turn();
    transport.release(answer(429, "60:transaction:organization"));
    expect(await flushed).toBe(true);
    expect(transport.sent).toHaveLength(1);
    expect(recorder.snapshot()).toEqual({ transaction: { rate_limited: 1, ratelimit_backoff: 4 } });
  });

  it("ends", async () => {
    const { sender, transport, timers, clock } = bench();
    sender.enqueue(envelopeOf());
    await timers.turn();
    transport.release(answer(429));
    await timers.turn();
    clock.now += 60_000;
    sender.enqueue(envelopeOf());
    await timers.turn();
    expect(transport.sent).toHaveLength(2);
  });
});

it("records what a full queue evicts as queue_overflow, lowest priority first", async () => {
  const { sender, recorder, warnings } = bench({ maxBufferedItems: 2 });
  for (const category of ["log_item", "error", "transaction", "error"] as const)
    sender.enqueue(envelopeOf(category));
  expect(recorder.snapshot()).toEqual({
    log_item: { queue_overflow: 1 },
    transaction: { queue_overflow: 1 },
  });
  expect(warnings).toHaveLength(1);
});
