import { memoryUsage } from "node:process";

import { collectGarbage } from "../client/collect-garbage.js";

/** Bytes that this process holds once all garbage is gone: objects and buffers. */
export async function heldMemory(): Promise<number> {
  await collectGarbage();
  const { heapUsed, arrayBuffers } = memoryUsage();
  return heapUsed + arrayBuffers;
}
