import { trace } from "@opentelemetry/api";
import { onTestFinished } from "vitest";

import type { ClientOptions } from "../../src/index.js";
import type { Bridge, BridgeSetup } from "../client/bridge.js";
import { startBridge } from "../client/bridge.js";

/** A check-in as it was sent. */
export type SentCheckIn = Readonly<Record<string, unknown>>;

/** Flushes; all check-ins that have arrived so far, in order. */
export async function checkInsOf({ client, transport }: Bridge): Promise<SentCheckIn[]> {
  await client.flush();
  return sentCheckIns(transport);
}

/** The same, without a flush. */
export function sentCheckIns({ envelopes }: Bridge["transport"]): SentCheckIn[] {
  return envelopes
    .flatMap(({ items }) => items)
    .filter(({ header }) => header.type === "check_in")
    .map((item) => item.json() as SentCheckIn);
}

/** What they say, in order. */
export async function statusesOf(bridge: Bridge): Promise<unknown[]> {
  return (await checkInsOf(bridge)).map(({ status }) => status);
}

/** The statuses of each run, in order. */
export function byRun(checkIns: readonly SentCheckIn[]): unknown[][] {
  const runs = new Map<unknown, unknown[]>();
  for (const { check_in_id: id, status } of checkIns)
    runs.set(id, [...(runs.get(id) ?? []), status]);
  return [...runs.values()];
}

/** Starts a pipeline that is the process's own for the length of the test. */
export function startGlobal(options?: ClientOptions, setup?: BridgeSetup): Bridge {
  const bridge = startBridge(options, setup);
  trace.setGlobalTracerProvider(bridge.provider);
  onTestFinished(() => trace.disable());
  return bridge;
}
