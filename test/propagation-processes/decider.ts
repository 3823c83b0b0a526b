import { expect } from "vitest";

import { startProcess } from "./service-process.js";

/** A service in a process of its own that is told of traces by `traceparent` alone. */
export interface Decider {
  /** The ids of the traces that it has sent. To be asked once. */
  decide(traceparents: readonly string[]): Promise<string[]>;
  /** Lets it end, which must be clean. */
  stop(): Promise<void>;
}

/** Starts the service for the length of a test. */
export async function startDecider(rate: number): Promise<Decider> {
  const service = startProcess("decider.mjs", { RATE: String(rate) });
  expect(await service.next()).toBe("ready");
  return {
    decide(traceparents) {
      service.send([...traceparents]);
      return service.next<string[]>();
    },
    stop: () => service.disconnect(),
  };
}
