import fc from "fast-check";
import { describe, expect, it } from "vitest";

import { printTrace } from "../../src/cli/print-trace.js";
import { itemLines } from "../../src/cli/print-items.js";
import { Inbox } from "../../src/inbox/inbox.js";
import { readArrivals } from "../../src/inbox/read-envelope.js";
import { detailOf } from "../../src/inbox/trace-record.js";
import { fakeTerminal } from "../cli/fake-terminal.js";
import { errorOf, transactionOf } from "../cli/trace-kit.js";
import { ORDER_TRACE_ID, envelopeOf, orderItems } from "./order.js";
import { runs } from "../property/runs.js";

const work = (traceId: string) =>
  envelopeOf([["transaction", transactionOf({ id: "r", from: 0, to: 1 }, [], traceId)]]);

/** A trace whose bytes are more than what its objects take in memory. */
function long(traceId: string): ReturnType<typeof envelopeOf> {
  const transaction = transactionOf({ id: "r", from: 0, to: 1 }, [], traceId);
  return envelopeOf([["transaction", { ...transaction, note: "x".repeat(10_000) }]]);
}

describe("the inbox", () => {
  it("puts an error that came before its transaction into its trace", () => {
    const inbox = new Inbox();
    for (const items of orderItems()) inbox.receive(envelopeOf(items));

    const [summary] = inbox.summaries();
    expect(summary).toMatchObject({
      id: ORDER_TRACE_ID,
      name: "POST /:tenant/checkout/:user",
      services: ["gateway", "inventory"],
      isFailed: true,
      spans: 38,
    });
    expect(summary?.errors.map(({ location }) => location)).toEqual(["/app/src/discount.js:14"]);
  });

  it("shows an event that arrives again once, and counts its repeats", () => {
    const inbox = new Inbox();
    const lines: string[] = [];
    inbox.watch(({ arrivals }) => lines.push(...itemLines(arrivals, fakeTerminal())));
    const items: [string, object][] = [
      ["transaction", { ...transactionOf({ id: "r", from: 0, to: 1 }, [], "a"), event_id: "e1" }],
    ];
    const error = { event_id: "e2", contexts: { trace: { trace_id: "a" } }, message: "failed" };
    for (let time = 0; time < 3; time += 1) inbox.receive(envelopeOf(items));
    for (let time = 0; time < 2; time += 1) inbox.receive(envelopeOf([["event", error]]));

    expect(inbox.trace("a")).toMatchObject({
      spans: [{ id: "r" }],
      transactions: [{ eventId: "e1" }],
      errors: [{ eventId: "e2" }],
    });
    expect(inbox.tallies().others).toEqual([
      ["transaction, received again", 2],
      ["error, received again", 1],
    ]);
    expect(lines).toEqual([
      expect.stringContaining("transaction e1 was received 2 times"),
      expect.stringContaining("transaction e1 was received 3 times"),
      expect.stringContaining("error e2 was received 2 times"),
    ]);
  });

  it("keeps the traces of which something came last, by their number", () => {
    const inbox = new Inbox({ maxTraces: 2 });
    for (const id of ["a", "b", "a", "c"]) inbox.receive(work(id));

    expect(inbox.summaries().map(({ id }) => id)).toEqual(["a", "c"]);
    expect(inbox.counts().evicted).toBe(1);
  });

  it("keeps no more than its bytes, and of one trace no more than its share", () => {
    const size = long("a").items[0]?.payload.length ?? 0;
    const inbox = new Inbox({ maxBytes: size * 3, maxTraceBytes: size * 2 });
    for (const id of ["a", "b", "b", "b", "c"]) inbox.receive(long(id));

    expect(inbox.summaries().map(({ id, spans }) => [id, spans])).toEqual([
      ["b", 2],
      ["c", 1],
    ]);
    expect(inbox.counts()).toMatchObject({ evicted: 1, omitted: 1 });
  });

  it("counts what short attributes take in memory, which is more than what was received", () => {
    const data = Object.fromEntries(Array.from({ length: 900 }, (_, index) => [`${index}`, 1]));
    const many = (traceId: string) =>
      envelopeOf([
        [
          "transaction",
          {
            ...transactionOf({ id: "r", from: 0, to: 1 }, [], traceId),
            contexts: { trace: { trace_id: traceId, span_id: "r", data } },
          },
        ],
      ]);
    const size = many("a").items[0]?.payload.length ?? 0;
    const inbox = new Inbox({ maxBytes: size * 10 });
    for (let trace = 0; trace < 10; trace += 1) inbox.receive(many(`t${trace}`));

    expect(inbox.summaries().length).toBeLessThan(5);
  });

  it("cuts long texts and lists, and keeps logs by their length as well", () => {
    const inbox = new Inbox();
    const log = { timestamp: 1, level: "info", body: "x".repeat(10_000) };
    const attributes = Object.fromEntries(
      Array.from({ length: 2000 }, (_, index) => [`key${index}`, { value: "y".repeat(10_000) }]),
    );
    inbox.receive(envelopeOf([["log", { items: Array.from({ length: 1100 }, () => log) }]]));
    expect(inbox.tallies().logs).toHaveLength(1000);
    expect(inbox.tallies().logs[0]?.body).toHaveLength(8192);

    inbox.receive(
      envelopeOf([
        [
          "log",
          {
            items: [
              { ...log, attributes },
              { ...log, attributes },
            ],
          },
        ],
      ]),
    );
    const logs = inbox.tallies().logs;
    expect(logs.map((each) => each.attributes.length)).toEqual([1000]);
  });

  it("bounds its lists, and adds up drops and metrics by their kinds", () => {
    const inbox = new Inbox();
    const log = { trace_id: "t", timestamp: 1, level: "info", body: "x" };
    const drop = { category: "span", reason: "queue_overflow", quantity: 2 };
    for (let index = 0; index < 300; index += 1) {
      inbox.refuse(String(index));
      inbox.receive(
        envelopeOf([
          ["log", { items: Array.from({ length: 10 }, () => log) }],
          ["check_in", { check_in_id: String(index), monitor_slug: "m", status: "ok" }],
          ["client_report", { discarded_events: [drop] }],
          ["trace_metric", { items: [{ name: "n", type: "counter", value: index }] }],
          [`type ${index}`, {}],
        ]),
      );
    }

    const { logs, checkIns, drops, metrics, others, refusals } = inbox.tallies();
    expect([logs.length, checkIns.length, others.length, refusals.length]).toEqual([
      1000, 200, 200, 50,
    ]);
    expect(drops).toEqual([{ ...drop, quantity: 600 }]);
    expect(metrics).toMatchObject([{ count: 300, sum: 44_850, min: 0, max: 299, last: 299 }]);
  });

  it("lists an event without a trace as one of its own", () => {
    const inbox = new Inbox();
    inbox.receive(envelopeOf([["event", { event_id: "e", message: "hello" }]]));

    expect(inbox.summaries()).toMatchObject([{ id: "e", name: "hello" }]);
  });

  it("joins spans that travel without a transaction", () => {
    const inbox = new Inbox();
    const item = {
      trace_id: "t",
      span_id: "s",
      name: "GET /",
      is_segment: true,
      status: "error",
      start_timestamp: 1,
      end_timestamp: 2,
      attributes: { "service.name": { type: "string", value: "web" } },
    };
    inbox.receive(envelopeOf([["span", { items: [item] }]]));

    expect(inbox.summaries()).toMatchObject([
      { name: "GET /", services: ["web"], isFailed: true, millis: 1000 },
    ]);
  });

  it("takes any JSON in any item, and shows or counts it", () => {
    const types = fc.constantFrom(
      "transaction",
      "event",
      "span",
      "log",
      "trace_metric",
      "check_in",
      "client_report",
      "x",
    );
    // Shapes that are nearly right reach further than random ones.
    const near = fc
      .tuple(
        fc.constantFrom<object>(transactionOf({ id: "r", from: 0, to: 1 }), errorOf("x")),
        fc.string(),
        fc.jsonValue(),
      )
      .map(([base, key, value]) => ({ ...base, [key]: value }));
    const keys = fc.constantFrom(
      "contexts",
      "spans",
      "exception",
      "tags",
      "user",
      "breadcrumbs",
      "request",
      "timestamp",
      "items",
    );
    const bent = fc
      .tuple(near, keys, fc.jsonValue())
      .map(([base, key, value]) => ({ ...base, [key]: value }));
    fc.assert(
      fc.property(types, fc.oneof(fc.jsonValue(), near, bent), (type, payload) => {
        const inbox = new Inbox();
        const envelope = envelopeOf([[type, payload]]);
        inbox.receive(envelope);
        const terminal = fakeTerminal();
        for (const { id } of inbox.summaries()) {
          const record = inbox.trace(id);
          if (record === undefined) throw new Error("a listed trace is not kept");
          JSON.stringify(detailOf(record));
          printTrace(record, terminal);
        }
        const arrivals = readArrivals(envelope).map(({ arrival }) => arrival);
        itemLines(arrivals, { columns: 100, hasColours: false });

        expect(terminal.complaints).toEqual([]);
      }),
      { numRuns: runs(1000) },
    );
  });
});

const TYPES = ["transaction", "event", "span", "log", "trace_metric", "check_in", "client_report"];

describe("an item that is not of the shape of its type", () => {
  it.each(TYPES)("is listed as unreadable if it is not an object: %s", (type) => {
    for (const payload of [null, 1, "text", true, [], [{}]]) {
      const inbox = new Inbox();
      inbox.receive(envelopeOf([[type, payload]]));
      expect(inbox.tallies().refusals).toEqual([`${type}: Error: its payload is not an object`]);
      expect(inbox.summaries()).toEqual([]);
      expect(inbox.counts()).toMatchObject({ logs: 0, checkIns: 0, metrics: 0, dropped: 0 });
    }
  });

  it.each(["log", "span", "trace_metric"])("or of the list in it: %s", (type) => {
    for (const payload of [{}, { items: null }, { items: {} }, { items: "text" }]) {
      const inbox = new Inbox();
      inbox.receive(envelopeOf([[type, payload]]));
      expect(inbox.tallies().refusals).toEqual([`${type}: Error: it has no list of items`]);
    }
  });

  it("hides none of the other entries", () => {
    const inbox = new Inbox();
    const log = { timestamp: 1, level: "info", body: "kept" };
    inbox.receive(envelopeOf([["log", { items: [null, log, "text", [log], log] }]]));
    expect(inbox.tallies().logs.map(({ body }) => body)).toEqual(["kept", "kept"]);
    expect(inbox.tallies().refusals).toEqual(["log: 3 of its items are not objects"]);
  });
});
