import { expect, it } from "vitest";

import { readArrivals } from "../../src/inbox/read-envelope.js";
import { readEnvelope } from "../../src/testing/envelope-reader.js";

function arrivalsOf(type: string, payload: unknown): unknown[] {
  const lines = [{}, { type }, payload].map((line) => JSON.stringify(line));
  return readArrivals(readEnvelope(Buffer.from(`${lines.join("\n")}\n`))).map(
    ({ arrival }) => arrival,
  );
}

it("shows user feedback with its name, its message and its event, on its trace", () => {
  const feedback = { name: "Ada", message: "It broke", associated_event_id: "abc" };
  const contexts = { feedback, trace: { trace_id: "t1", span_id: "s1" } };
  const title = "Feedback from Ada: It broke (about event abc)";
  expect(arrivalsOf("feedback", { event_id: "f1", contexts })).toMatchObject([
    { kind: "error", error: { eventId: "f1", traceId: "t1", level: "info", title } },
  ]);
});

it("bounds the quantity of a client report, which would fill the page with its digits", () => {
  const entry = { category: "error", reason: "sample_rate" };
  const quantities = [1e300, -5, 3].map((quantity) => ({ ...entry, quantity }));
  expect(arrivalsOf("client_report", { discarded_events: quantities })).toEqual(
    [1e9, 0, 3].map((quantity) => ({ kind: "drop", drop: { ...entry, quantity } })),
  );
});
