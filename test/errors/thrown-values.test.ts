import { eventFromUnknownInput } from "@sentry/core";
import type { Client } from "@sentry/core";
import * as fc from "fast-check";
import { describe, expect, it } from "vitest";

import { captureException } from "../../src/index.js";
import { dropped } from "../../src/testing/testing.js";
import type { Bridge } from "../client/bridge.js";
import { startBridge } from "../client/bridge.js";
import { errorItemProblems } from "./error-schema.js";
import type { Make } from "./hostile-values.js";
import { runs } from "../property/runs.js";
import { makeAnyThrown } from "./thrown-kinds.js";
import { CHARACTER } from "../property/characters.js";

const VALUES = runs(4000);
// Each is sent before the next one is made: a queue that overflows drops what is oldest.
const BATCH = 50;
const FIXED_SEED = 20_261_122;
const seeds = [FIXED_SEED, Math.trunc(Math.random() * 2 ** 31)];

const batch = fc.array(makeAnyThrown, { minLength: BATCH, maxLength: BATCH });

/** Captures each value, and what arrived of them must be one event for each id. */
async function expectEvents(bridge: Bridge, makes: readonly Make[]): Promise<void> {
  bridge.transport.clear();
  const ids = makes.map((make) => captureException(make()));
  expect(await bridge.client.flush()).toBe(true);
  const items = bridge.transport.envelopes.flatMap((envelope) => envelope.items);
  const arrived = items.map((item) => (item.json() as { event_id: string }).event_id);
  expect(arrived.toSorted()).toEqual(ids.toSorted());
  expect(new Set(ids).size).toBe(ids.length);
  for (const { header, payload } of items) {
    expect(header).toMatchObject({ type: "event", length: payload.length });
    expect(errorItemProblems(payload)).toEqual([]);
  }
}

describe(`${VALUES} random thrown values`, () => {
  it.each(seeds)(
    "become events by the protocol's schema, each delivered and accounted for: seed %i",
    async (seed) => {
      const bridge = startBridge();
      const numRuns = VALUES / BATCH / seeds.length;
      await fc.assert(
        fc.asyncProperty(batch, (makes) => expectEvents(bridge, makes)),
        // To make a batch smaller takes longer than to read one of these.
        { seed, numRuns, endOnFailure: true },
      );
      const { byCategory } = bridge.client.stats();
      expect(byCategory.error).toMatchObject({ captured: VALUES / seeds.length });
      expect(byCategory.error?.sent).toBe(VALUES / seeds.length);
      expect(dropped(byCategory.error ?? { dropped: {} })).toBe(0);
    },
  );
});

// Sentry cannot store NUL.
const stored = (text: string | undefined): string | undefined => text?.replaceAll("\0", "\uFFFD");

describe("what Sentry's own SDK says of", () => {
  const options: Pick<Client, "getOptions"> = { getOptions: () => ({}) as never };
  const sentry = options as Client;
  // Without NUL, which Sentry cannot store: ours is sent as U+FFFD.
  const words = fc
    .string({ unit: CHARACTER, maxLength: 100 })
    .map((text) => text.replaceAll("\0", " "))
    .filter((text) => text.isWellFormed());
  const errors = fc
    .tuple(words, fc.constantFrom(Error, TypeError, RangeError, URIError))
    .map(([message, ErrorClass]) => new ErrorClass(message));
  const named = fc
    .tuple(words, words)
    .filter(([, name]) => name !== "")
    .map(([message, name]) => Object.assign(new Error(message), { name }));
  const primitives = fc.oneof(words, fc.double(), fc.boolean(), fc.constantFrom(null, undefined));
  const objects = fc.dictionary(fc.stringMatching(/^[a-l]{1,8}$/), fc.integer(), { maxKeys: 6 });
  const messages = fc.record({ message: words }, { requiredKeys: ["message"] });
  const withNames = fc.record({ name: words, message: words }, { requiredKeys: ["name"] });

  it.each<[string, fc.Arbitrary<unknown>]>([
    ["errors", errors],
    ["errors with a name", named],
    ["primitives", primitives],
    ["plain objects", objects],
    ["objects with a message", messages],
    ["objects with a name", withNames],
  ])("%s is said here, too", async (_what, thrown) => {
    const bridge = startBridge();
    await fc.assert(
      fc.asyncProperty(thrown, async (value) => {
        bridge.transport.clear();
        captureException(value);
        await bridge.client.flush();
        const ours = bridge.transport.errors()[0]?.exception?.values.at(-1);
        const theirs = eventFromUnknownInput(sentry, () => [], value).exception?.values?.[0];
        expect([ours?.type, ours?.value]).toEqual([stored(theirs?.type), stored(theirs?.value)]);
        expect(ours?.mechanism).toMatchObject({ ...theirs?.mechanism });
      }),
      { numRuns: runs(500) },
    );
  });
});
