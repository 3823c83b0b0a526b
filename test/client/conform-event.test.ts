import { describe, expect, it } from "vitest";

import {
  addBreadcrumb,
  captureEvent,
  captureException,
  captureMessage,
  getGlobalScope,
  setTag,
  setUser,
  withIsolationScope,
} from "../../src/index.js";
import type { ClientOptions, OwnEvent } from "../../src/index.js";
import { SDK_INFO } from "../../src/client/process-data.js";
import { conformEvent } from "../../src/client/conform-event.js";
import type { ReceivedError } from "../../src/testing/received.js";
import { startBridge } from "./bridge.js";
import type { Bridge } from "./bridge.js";

function conformed(event: object): Record<string, unknown> {
  return { ...conformEvent(event).event };
}

function brokenBy(event: object): string[] {
  return [...conformEvent(event).broken].toSorted();
}

async function errorsOf(bridge: Bridge): Promise<readonly ReceivedError[]> {
  await bridge.client.flush();
  return bridge.transport.errors();
}

// A rule of a JSON schema has one, too.
it("takes a field that is called `then` for data, not for a promise", () => {
  const fields = Object.fromEntries(["if", "then"].map((key) => [key, key]));
  const event = { contexts: { rule: fields }, extra: fields, tags: fields, user: fields };
  expect(conformed(event)).toEqual(event);
  expect(brokenBy(event)).toEqual([]);
});

describe("the time of an event that application code has made", () => {
  const now = Date.now() / 1000;
  const day = 86_400;

  it.each<readonly [name: string, timestamp: unknown, expected: number]>([
    ["two months ago", now - 60 * day, now - 25 * day],
    ["before 1970", -22, now],
    ["tomorrow", now + day, now],
    ["no time", {}, now],
    ["in milliseconds", (now - 60) * 1000, now - 60],
  ])("is moved into the window that Relay takes: %s", (_name, timestamp, expected) => {
    expect(Math.abs(Number(conformed({ timestamp })["timestamp"]) - expected)).toBeLessThan(30);
    expect(brokenBy({ timestamp })).toEqual(["timestamp"]);
  });

  it("is unchanged within the window", () => {
    expect(conformed({ timestamp: now - 3600 })).toEqual({ timestamp: now - 3600 });
    expect(brokenBy({ timestamp: now - 3600 })).toEqual([]);
  });

  it("is left to the window of transactions where it is one", () => {
    const timestamp = now - 60 * day;
    expect(conformed({ type: "transaction", timestamp })).toEqual({
      type: "transaction",
      timestamp,
    });
  });
});

describe("an event that application code has made or changed", () => {
  it.each<[object, object, string[]]>([
    [{ release: "a/b" }, { release: "a-b" }, ["release"]],
    [{ release: " 1.0 " }, { release: "1.0" }, []],
    [{ release: "latest" }, {}, ["release"]],
    [{ environment: "None" }, {}, ["environment"]],
    [{ dist: "a b" }, { dist: "a-b" }, ["dist"]],
    [{ server_name: "x".repeat(300) }, { server_name: "x".repeat(200) }, ["serverName"]],
    [{ level: "Warn" }, { level: "warning" }, ["level"]],
    [{ level: "bogus" }, {}, ["level"]],
    [{ logger: "a\nb\rc" }, { logger: "a b c" }, ["event"]],
    [{ foo: 1 }, {}, ["event"]],
    [{ release: null, dist: undefined }, {}, []],
    [{ platform: {}, culprit: {}, checksum: [] }, {}, ["event"]],
    [{ sdk: { name: "own", version: "1" } }, { sdk: { name: "own", version: "1" } }, []],
    [{ sdk: { integrations: [] } }, { sdk: { integrations: [], ...SDK_INFO } }, ["event"]],
    [{ modules: { a: "1", b: 2 } }, { modules: { a: "1" } }, ["event"]],
    [{ contexts: { at: new Date(0) } }, { contexts: {} }, ["event"]],
    [{ user: { id: Number.MAX_VALUE } }, { user: { id: String(Number.MAX_VALUE) } }, ["user"]],
    [{ user: { toJSON: () => ({ id: "u" }) } }, { user: { id: "u" } }, []],
    [{ spans: [{ tags: new Date(0), exclusive_time: {} }] }, { spans: [{}] }, ["span"]],
    [
      { exception: { values: [{ type: "E", mechanism: { type: 5, handled: "no", data: 1 } }] } },
      { exception: { values: [{ type: "E", mechanism: { type: "5" } }] } },
      ["event"],
    ],
    [
      { exception: { values: [{ type: "E", mechanism: { type: "", handled: false } }] } },
      { exception: { values: [{ type: "E", mechanism: { type: "generic", handled: false } }] } },
      ["event"],
    ],
    [
      { exception: { values: [{ type: "E", stacktrace: "x", mechanism: "y" }] } },
      { exception: { values: [{ type: "E" }] } },
      ["event"],
    ],
    [{ fingerprint: ["a", 1, {}] }, { fingerprint: ["a", "1"] }, []],
    [{ extra: "x" }, {}, ["event"]],
    [{ contexts: { a: "x", b: { c: 1 } } }, { contexts: { b: { c: 1 } } }, ["event"]],
    [
      { exception: { values: [{ value: "v" }, "x"] } },
      { exception: { values: [{ value: "v" }] } },
      ["event"],
    ],
    [
      { tags: { a: 1.5, b: true, c: "", "d/e": "x" } },
      { tags: { a: "1.5", b: "true", d_e: "x" } },
      ["tagKey", "tagValue"],
    ],
    [{ tags: { user: "x", release: "y", "a b": "c" } }, { tags: { "a-b": "c" } }, ["tagKey"]],
    [
      { user: { id: 1.5, email: 5, ip_address: "x", geo: "y", plan: {} } },
      { user: { id: "1.5", email: "5", plan: {} } },
      ["user"],
    ],
    [{ user: { id: 7, ip_address: "::1" } }, { user: { id: 7, ip_address: "::1" } }, []],
    [
      { request: { method: "BAD METHOD", url: 5, headers: "x", data: "d" } },
      { request: { data: "d" } },
      ["request"],
    ],
    [{ request: { method: "x".repeat(33) } }, { request: {} }, ["request"]],
    [{ request: { method: "M-SEARCH" } }, { request: { method: "M-SEARCH" } }, []],
    [{ request: { cookies: "[Filtered]" } }, { request: {} }, ["request"]],
    [
      { request: { cookies: "a=b; c=[Filtered]" } },
      { request: { cookies: "a=b; c=[Filtered]" } },
      [],
    ],
    [
      {
        breadcrumbs: {
          values: [{ timestamp: 1_795_341_600_500, level: "Error", data: [1], x: 1 }, 7],
        },
      },
      {
        breadcrumbs: {
          values: [{ timestamp: 1_795_341_600.5, level: "error", data: { value: [1] } }],
        },
      },
      ["breadcrumb"],
    ],
    [
      {
        measurements: {
          "Queue Depth": { value: 3, unit: "{jobs}" },
          "1st": { value: 1 },
          ok: { value: "x" },
        },
      },
      { measurements: { queue_depth: { value: 3, unit: "none" } } },
      ["measurement"],
    ],
  ])("%j is sent as %j", (given, sent, broken) => {
    expect(conformed(given)).toEqual(sent);
    expect(brokenBy(given)).toEqual(broken);
  });

  it("keeps ten measurements", () => {
    const many = Array.from({ length: 12 }, (_, index) => [
      `m${index}`,
      { value: index, unit: "none" },
    ]);
    const { measurements } = conformed({ measurements: Object.fromEntries(many) as object });
    expect(Object.keys(measurements as object)).toHaveLength(10);
  });

  it("has a trace without a description, and valid spans", () => {
    const ids = { trace_id: "a".repeat(32), span_id: "b".repeat(16) };
    const span = {
      ...ids,
      origin: "auto.x-y",
      status: "bogus",
      op: 5,
      data: "x",
      parent_span_id: "",
    };
    const event = { contexts: { trace: { ...ids, description: "d" } }, spans: [span] };
    expect(conformed(event)).toEqual({
      contexts: { trace: ids },
      spans: [{ ...ids, origin: "auto.x_y" }],
    });
    expect(brokenBy(event)).toEqual(["origin", "span"]);
  });
});

function send(options: ClientOptions, run: () => void): Bridge {
  const bridge = startBridge(options);
  withIsolationScope(run);
  return bridge;
}

describe("a value that breaks a rule of Relay is made valid, and reported once per rule", () => {
  it("on scopes", async () => {
    const bridge = send({}, () => {
      setTag("order/id", 1.5);
      setTag("order/id", 2.5);
      setTag("empty", "");
      setUser({ id: "7", ip_address: "nowhere" });
      const crumb = { message: "m", level: "WARN", timestamp: 1_795_341_600_500, data: "text" };
      addBreadcrumb(crumb as object);
      captureMessage("one");
      captureMessage("two");
    });
    const [event] = await errorsOf(bridge);
    expect(event).toMatchObject({ tags: { order_id: "2.5" }, user: { id: "7" } });
    expect(event?.tags).not.toHaveProperty("empty");
    expect(event?.user).not.toHaveProperty("ip_address");
    expect(event?.breadcrumbs).toEqual({
      values: [
        { message: "m", level: "warning", timestamp: 1_795_341_600.5, data: { value: "text" } },
      ],
    });
    expect(
      bridge.warnings.map((line) => String(/Rule: (an? [a-z']+)/.exec(line)?.[1])).toSorted(),
    ).toEqual(["a breadcrumb's", "a tag's", "a tag's", "a user's"]);
  });

  it("on transactions, which get them from scopes", async () => {
    const bridge = startBridge();
    getGlobalScope().setTag("a/b", "x\ny");
    bridge.tracer.startSpan("root").end();
    const [transaction] = await bridge.flushed();
    getGlobalScope().clear();
    expect(transaction?.tags).toEqual({ a_b: "x y" });
    expect(bridge.warnings).toHaveLength(1);
  });

  it("in hooks and event processors", async () => {
    const bridge = send(
      {
        beforeSend: (event) => ({ ...event, release: "a/b", tags: { ...event.tags, n: 1.5 } }),
        beforeSendTransaction: (event) => ({
          ...event,
          dist: "x y",
          measurements: { "a b": { value: 1, unit: "ms" } },
        }),
      },
      () => captureException(new Error("x")),
    );
    bridge.tracer.startSpan("root").end();
    const [event] = await errorsOf(bridge);
    expect(event).toMatchObject({ release: "a-b", tags: { n: "1.5" } });
    expect(bridge.transport.transactions()[0]).toMatchObject({
      dist: "x-y",
      measurements: { a_b: { value: 1, unit: "millisecond" } },
    });
    expect(bridge.warnings).toHaveLength(3);
  });

  it("in events of the application's own", async () => {
    const own = { message: "m", environment: "a/b", tags: { a: true } } as OwnEvent;
    const bridge = send({}, () => captureEvent(own));
    expect(await errorsOf(bridge)).toMatchObject([{ environment: "a-b", tags: { a: "true" } }]);
  });
});

describe("a release or environment of the set-up", () => {
  it("is repaired, and the warning names what is sent", async () => {
    const bridge = startBridge({
      release: "org/shop@1",
      environment: "feature/login",
      dist: "a b",
    });
    bridge.tracer.startSpan("root").end();
    expect(await bridge.flushed()).toMatchObject([
      { release: "org-shop@1", environment: "feature-login", dist: "a-b" },
    ]);
    expect(bridge.transport.envelopes[0]?.header["trace"]).toMatchObject({
      release: "org-shop@1",
      environment: "feature-login",
    });
  });

  it("is left out where it is a reserved word, and the next source counts", async () => {
    const bridge = startBridge({ release: "latest", environment: "none" });
    bridge.tracer.startSpan("root").end();
    const [transaction] = await bridge.flushed();
    expect(transaction).toMatchObject({ environment: "production" });
    expect(transaction).not.toHaveProperty("release");
  });

  it("never makes a header that Relay refuses", async () => {
    const bridge = startBridge({ release: `${"a".repeat(199)}😀`, orgId: "\ud83d" });
    bridge.tracer.startSpan(`x${"😀".repeat(300)}`).end();
    await bridge.flushed();
    expect(bridge.transport.faults).toEqual([]);
    for (const { header } of bridge.transport.envelopes)
      expect(JSON.stringify(header)).not.toMatch(/\\ud[89a-f]/i);
  });
});
