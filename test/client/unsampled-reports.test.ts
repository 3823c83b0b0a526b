import { expect, it } from "vitest";

import { startBridge } from "./bridge.js";

it("the server is told of every segment and span that the rate dropped", async () => {
  const bridge = startBridge({ tracesSampleRate: 0 });
  for (let count = 0; count < 10; count += 1) {
    const root = bridge.tracer.startSpan("root");
    bridge.child(root).end();
    bridge.child(root).end();
    root.end();
  }
  await bridge.client.flush();
  const items = bridge.transport.envelopes.flatMap((envelope) => envelope.items);
  expect(items.map(({ header }) => header.type)).toEqual(["client_report"]);
  expect(items[0]?.json()).toMatchObject({
    discarded_events: [
      { reason: "sample_rate", category: "span", quantity: 30 },
      { reason: "sample_rate", category: "transaction", quantity: 10 },
    ],
  });
});
