import { expect, it } from "vitest";

import { startIngestServer } from "../../src/testing/testing.js";
import { startNode } from "./node-process.js";

it("a process that runs out of work reports what waits for a root that is still open", async () => {
  const ingest = await startIngestServer();
  const node = startNode("open-root.mjs", { env: { DSN: ingest.dsn } });
  try {
    await expect(node.next()).rejects.toThrow("the fixture ended with 0");
    const [event, ...others] = ingest.errors();
    expect(others).toEqual([]);
    expect(event?.exception?.values[0]).toMatchObject({
      value: "job failed",
      mechanism: { handled: true },
    });
    expect(event?.contexts?.trace?.trace_id).toBe(
      ingest.transactions()[0]?.contexts.trace?.trace_id,
    );
  } finally {
    await node.stop();
    await ingest.close();
  }
});
