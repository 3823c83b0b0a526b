import { DiscardLedger } from "../../src/client-reports/ledger.js";
import type { EnvelopeSender, EnvelopeSenderSettings } from "../../src/delivery/sender.js";
import { createEnvelopeSender } from "../../src/delivery/envelope-sender.js";
import type { SendResult } from "../../src/delivery/transport.js";
import type { HeldTransport } from "./held-transport.js";
import { heldTransport } from "./held-transport.js";
import type { ManualTimers } from "../time/manual-timers.js";
import { manualTimers } from "../time/manual-timers.js";
import { NO_LIMITS, recordingDiagnostics } from "./support.js";

/** A sender whose transport, timers and clock are the test's. */
export interface Bench {
  readonly sender: EnvelopeSender;
  readonly transport: HeldTransport;
  readonly timers: ManualTimers;
  readonly recorder: DiscardLedger;
  readonly warnings: readonly string[];
  readonly clock: { now: number };
}

export function bench(
  settings: Partial<EnvelopeSenderSettings> = {},
  transport: HeldTransport = heldTransport(),
): Bench {
  const timers = manualTimers();
  const recorder = new DiscardLedger();
  const { diagnostics, warnings } = recordingDiagnostics();
  const clock = { now: 1_800_000_000_000 };
  const sender = createEnvelopeSender({
    transport,
    recorder,
    diagnostics,
    timers,
    now: () => clock.now,
    ...settings,
  });
  return { sender, transport, timers, recorder, warnings, clock };
}

export function answer(statusCode: number, rateLimits?: string): SendResult {
  const limits = { ...NO_LIMITS, rateLimits };
  if (statusCode === 429) return { outcome: "limited", statusCode, limits };
  return { outcome: statusCode < 300 ? "delivered" : "rejected", statusCode, limits };
}

export function failure(code: string, message = "it failed"): SendResult {
  return { outcome: "retryable", error: Object.assign(new Error(message), { code }) };
}
