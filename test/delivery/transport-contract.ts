import { describe, expect, it } from "vitest";

import type { ReadEnvelope } from "../../src/testing/envelope-reader.js";
import type { Transport } from "../../src/delivery/transport.js";
import { envelopeOf } from "./support.js";

/** A transport with what is at its other end. */
export interface TransportUnderTest {
  readonly transport: Transport;
  /** What arrived and was accepted. */
  readonly received: () => readonly ReadEnvelope[];
  /** Makes the other end answer with this status and these rate limits from now on. */
  readonly answerWith: (status: number, rateLimits?: string) => void;
  /** Makes the other end fail without a response from now on. */
  readonly breakDown: () => void;
  readonly dispose: () => Promise<void>;
}

/** What each transport must do, whatever is behind it. */
export function describeTransport(name: string, open: () => Promise<TransportUnderTest>): void {
  const using =
    (run: (subject: TransportUnderTest) => Promise<void>) => async (): Promise<void> => {
      const subject = await open();
      try {
        await run(subject);
      } finally {
        await subject.dispose();
      }
    };

  describe(`${name} keeps the transport contract:`, () => {
    it(
      "an accepted envelope is delivered, with its bytes as they were but for `sent_at`",
      using(async ({ transport, received }) => {
        const envelope = envelopeOf("transaction", { payloadBytes: 2000 });
        const before = envelope.body.toString().replace(/"sent_at":"[^"]*"/, "");
        expect(await transport.send(envelope)).toMatchObject({
          outcome: "delivered",
          statusCode: 200,
        });
        const [arrived] = received();
        const sentAt = Date.parse(String(arrived?.header["sent_at"]));
        expect(Math.abs(Date.now() - sentAt)).toBeLessThan(60_000);
        expect(arrived?.header["event_id"]).toBe(envelope.eventId);
        expect(envelope.body.toString().replace(/"sent_at":"[^"]*"/, "")).toBe(before);
        expect(Buffer.from(arrived?.items[0]?.payload ?? []).toString()).toBe(
          before.split("\n")[2],
        );
      }),
    );

    it(
      "the same envelope can be sent again",
      using(async ({ transport, received }) => {
        const envelope = envelopeOf();
        await transport.send(envelope);
        await transport.send(envelope);
        expect(received().map(({ header }) => header["event_id"])).toEqual([
          envelope.eventId,
          envelope.eventId,
        ]);
      }),
    );

    it(
      "many at a time are each delivered once",
      using(async ({ transport, received }) => {
        const envelopes = Array.from({ length: 100 }, () => envelopeOf());
        const results = await Promise.all(envelopes.map((envelope) => transport.send(envelope)));
        expect(results.every(({ outcome }) => outcome === "delivered")).toBe(true);
        const ids = received().map(({ header }) => String(header["event_id"]));
        expect(ids.toSorted()).toEqual(envelopes.map(({ eventId }) => String(eventId)).toSorted());
      }),
    );

    it.each([400, 401, 403, 404, 413, 500, 503])("HTTP %i is a rejection", (status) =>
      using(async ({ transport, answerWith, received }) => {
        answerWith(status);
        expect(await transport.send(envelopeOf())).toMatchObject({
          outcome: "rejected",
          statusCode: status,
        });
        expect(received()).toHaveLength(0);
      })(),
    );

    it(
      "HTTP 429 is a limit, and its headers come along",
      using(async ({ transport, answerWith }) => {
        answerWith(429, "60:transaction:key");
        expect(await transport.send(envelopeOf())).toEqual({
          outcome: "limited",
          statusCode: 429,
          limits: { rateLimits: "60:transaction:key", retryAfter: undefined },
        });
      }),
    );

    it(
      "a delivery carries rate limits, too",
      using(async ({ transport, answerWith }) => {
        answerWith(200, "60:error:key");
        expect(await transport.send(envelopeOf())).toMatchObject({
          outcome: "delivered",
          limits: { rateLimits: "60:error:key" },
        });
      }),
    );

    it(
      "no response is retryable, not a rejected promise",
      using(async ({ transport, breakDown }) => {
        breakDown();
        const result = await transport.send(envelopeOf());
        expect(result.outcome).toBe("retryable");
        expect("error" in result && result.error).toBeInstanceOf(Error);
      }),
    );

    it(
      "after close, which may be called twice, a send is retryable",
      using(async ({ transport, received }) => {
        await transport.send(envelopeOf());
        await Promise.all([transport.close(), transport.close()]);
        await transport.close();
        expect(await transport.send(envelopeOf())).toMatchObject({ outcome: "retryable" });
        expect(received()).toHaveLength(1);
      }),
    );

    it(
      "can be closed before the first send",
      using(async ({ transport }) => {
        await transport.close();
        expect(await transport.send(envelopeOf())).toMatchObject({ outcome: "retryable" });
      }),
    );
  });
}
