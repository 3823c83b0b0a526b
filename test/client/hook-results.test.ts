import { describe, expect, it } from "vitest";

import type { EventProcessor, SentryEvent } from "../../src/index.js";
import { MAX_HOOK_MILLIS } from "../../src/client/hooks.js";
import { assertAccounted } from "../../src/testing/testing.js";
import { startBridge } from "./bridge.js";
import type { Bridge } from "./bridge.js";
import { KINDS, capture, failing, later, sent, useTestTimers } from "./hook-kit.js";
import type { Kind } from "./hook-kit.js";

useTestTimers();

type Hook = "beforeSend" | "beforeSendTransaction" | "processor";

/** What a hook does with the event, and what is to become of it. */
interface Behaviour {
  readonly run: (event: SentryEvent) => unknown;
  /** The event waits until this much time has passed. */
  readonly waitsMillis?: number;
  /** Fate under a processor, and under the hook of its kind. */
  readonly fates: readonly ["dropped" | "kept", "dropped" | "kept"];
  readonly warnings: number;
}

/** A thenable of a library's own, which calls back at once. */
function thenable(then: (take: (value: unknown) => void) => void): object {
  return Object.fromEntries(["then"].map((name) => [name, then]));
}

const BEHAVIOURS: Readonly<Record<string, Behaviour>> = {
  "returns the event": { run: (event) => event, fates: ["kept", "kept"], warnings: 0 },
  "returns null": { run: () => null, fates: ["dropped", "dropped"], warnings: 0 },
  throws: { run: failing, fates: ["kept", "dropped"], warnings: 1 },
  "returns garbage": { run: () => 5, fates: ["kept", "dropped"], warnings: 1 },
  "resolves with the event": {
    run: (event) => later(event),
    waitsMillis: 1000,
    fates: ["kept", "kept"],
    warnings: 0,
  },
  "resolves with null": {
    run: () => later(null),
    waitsMillis: 1000,
    fates: ["dropped", "dropped"],
    warnings: 0,
  },
  "resolves with garbage": {
    run: () => later("event"),
    waitsMillis: 1000,
    fates: ["kept", "dropped"],
    warnings: 1,
  },
  rejects: {
    run: () => later(0).then(failing),
    waitsMillis: 1000,
    fates: ["kept", "dropped"],
    warnings: 1,
  },
  "never resolves": {
    run: () => new Promise(() => {}),
    waitsMillis: MAX_HOOK_MILLIS,
    fates: ["kept", "dropped"],
    warnings: 1,
  },
  "resolves after its time": {
    run: (event) => later(event, MAX_HOOK_MILLIS * 2),
    waitsMillis: MAX_HOOK_MILLIS,
    fates: ["kept", "dropped"],
    warnings: 1,
  },
  "returns a thenable that throws": {
    run: () => thenable(failing),
    waitsMillis: 0,
    fates: ["kept", "dropped"],
    warnings: 1,
  },
  "returns a thenable that resolves twice": {
    run: (event) => thenable((take) => (take(event), take(null))),
    waitsMillis: 0,
    fates: ["kept", "kept"],
    warnings: 0,
  },
};

function countsOf({ client }: Bridge, kind: Kind) {
  const stats = client.stats().byCategory[kind];
  const dropped = Object.values(stats?.dropped ?? {}).reduce((sum, count) => sum + count, 0);
  return { captured: stats?.captured, queued: stats?.queued, sent: stats?.sent, dropped };
}

function ours({ warnings }: Bridge): string[] {
  return warnings.filter((text) => text.startsWith("otel-sentry-bridge:"));
}

function seenBy(hook: Hook, kind: Kind): boolean {
  if (hook === "processor") return true;
  return (
    hook === (kind === "transaction" ? "beforeSendTransaction" : "beforeSend") &&
    kind !== "feedback"
  );
}

const CASES = KINDS.flatMap((kind) =>
  (["beforeSend", "beforeSendTransaction", "processor"] as const).flatMap((hook) =>
    Object.entries(BEHAVIOURS).map(
      ([name, behaviour]) => [`${hook} that ${name}: ${kind}`, hook, { kind, behaviour }] as const,
    ),
  ),
);

describe("a hook", () => {
  it.each(CASES)("%s", async (_, hook, { kind, behaviour }) => {
    const isProcessor = hook === "processor";
    const bridge = startBridge(isProcessor ? {} : { [hook]: behaviour.run });
    const isSeen = seenBy(hook, kind);
    const waitsMillis = isSeen ? (behaviour.waitsMillis ?? 0) : 0;
    capture(kind, bridge, isProcessor ? (behaviour.run as EventProcessor) : undefined);
    assertAccounted(bridge.client);
    await sent(Math.max(0, waitsMillis - 1));
    const waiting = { captured: 1, queued: 1, sent: 0, dropped: 0 };
    const isKept = !isSeen || behaviour.fates[isProcessor ? 0 : 1] === "kept";
    const done = { captured: 1, queued: 0, sent: isKept ? 1 : 0, dropped: isKept ? 0 : 1 };
    expect(countsOf(bridge, kind)).toEqual(waitsMillis > 0 ? waiting : done);
    assertAccounted(bridge.client);
    await sent(1);
    expect(countsOf(bridge, kind)).toEqual(done);
    assertAccounted(bridge.client);
    expect(ours(bridge)).toHaveLength(isSeen ? behaviour.warnings : 0);
    // A result that comes after the deadline changes nothing.
    await sent(2 * MAX_HOOK_MILLIS);
    expect(countsOf(bridge, kind)).toEqual(done);
  });
});
