import { describe, expect, it } from "vitest";

import { captureFeedback, stats, withIsolationScope } from "../../src/index.js";
import { startBridge } from "../client/bridge.js";

describe("captureFeedback", () => {
  it("sends what the protocol asks for, past beforeSend and rate, through event processors", async () => {
    const bridge = startBridge({ beforeSend: () => null, sampleRate: 0, ignoreErrors: [/./] });
    const id = withIsolationScope((scope) => {
      scope
        .setUser({ id: "7" })
        .addEventProcessor((event) => ({ ...event, tags: { seen: "yes" } }));
      return captureFeedback({
        message: "It is slow",
        name: "Ann",
        email: "ann@example.com",
        associatedEventId: "4c79f60c11214eb38604f4ae0781bfb2",
      });
    });
    await bridge.client.flush();
    const [item] = bridge.transport.envelopes.flatMap(({ items }) => items);
    expect(item?.header.type).toBe("feedback");
    expect(item?.json()).toMatchObject({
      event_id: id,
      level: "info",
      platform: "node",
      user: { id: "7" },
      tags: { seen: "yes" },
      contexts: {
        feedback: {
          message: "It is slow",
          name: "Ann",
          contact_email: "ann@example.com",
          associated_event_id: "4c79f60c11214eb38604f4ae0781bfb2",
        },
      },
    });
    expect(stats()?.byCategory.feedback).toMatchObject({ captured: 1, sent: 1 });
  });

  it("refuses feedback without a message", async () => {
    const bridge = startBridge();
    const { proxy, revoke } = Proxy.revocable({}, {});
    revoke();
    for (const feedback of [{}, { message: " " }, null, "text", proxy])
      captureFeedback(feedback as never);
    await bridge.client.flush();
    expect(bridge.transport.envelopes).toEqual([]);
    expect(bridge.warnings).toHaveLength(1);
  });
});
