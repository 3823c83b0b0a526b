import { SpanKind, context } from "@opentelemetry/api";
import { resourceFromAttributes } from "@opentelemetry/resources";
import * as fc from "fast-check";
import { describe, expect, it } from "vitest";

import {
  addBreadcrumb,
  captureEvent,
  captureException,
  captureFeedback,
  forkIsolation,
  getGlobalScope,
  getIsolationScope,
  logger,
  metrics,
  setAttribute,
  setUser,
} from "../../src/index.js";
import type { ClientOptions } from "../../src/index.js";
import { contextOf, startBridge } from "./bridge.js";
import type { Bridge } from "./bridge.js";

type Vandalism = "add" | "delete" | "overwrite";

// What the application reuses for each of its calls.
const CONSTANTS = {
  breadcrumb: { message: "step", data: { list: [1, { deep: true }] } },
  attributes: { plain: "text", list: ["a", "b"] },
};

/** Writes into everything that can be reached from a value, but for what the application itself has thrown. */
function vandalize(value: unknown, how: Vandalism, seen: Set<unknown> = new Set()): void {
  if (typeof value !== "object" || value === null || value instanceof Error || seen.has(value))
    return;
  seen.add(value);
  for (const field of Object.values(value)) vandalize(field, how, seen);
  for (const key of Object.keys(value)) {
    if (how === "overwrite") Reflect.set(value, key, "overwritten");
    if (how === "delete") Reflect.deleteProperty(value, key);
  }
  if (how === "add") Reflect.set(value, Array.isArray(value) ? "0" : "added", "added");
}

/** Hooks that write into all that they get while `isOn` says so, and drop it or return it as it is afterwards. */
function hooksWith(how: Vandalism, isOn: () => boolean): ClientOptions {
  const hook = <T>(given: T, hint?: unknown): T => {
    if (!isOn()) return given;
    vandalize(given, how);
    vandalize(hint, how);
    return given;
  };
  return {
    beforeSend: hook,
    beforeSendTransaction: hook,
    beforeSendSpan: hook,
    beforeBreadcrumb: hook,
    beforeSendLog: hook,
    beforeSendMetric: hook,
    tracesSampler: (root) => {
      if (isOn()) vandalize(root, how);
      return 1;
    },
  };
}

async function captureAll(bridge: Bridge): Promise<unknown[]> {
  const { tracer, transport, client } = bridge;
  transport.clear();
  context.with(forkIsolation(), () => {
    getIsolationScope()
      .setContext("order", { items: [{ id: 1 }] })
      .setTag("plan", "free");
    setUser({ id: "anna", geo: { city: "Graz" }, data: { roles: ["admin"] } });
    setAttribute("shop", { list: [1, 2] });
    addBreadcrumb(CONSTANTS.breadcrumb);
    const attributes = { "http.request.method": "GET", "url.path": "/", ...CONSTANTS.attributes };
    const root = tracer.startSpan("GET /", { kind: SpanKind.SERVER, attributes });
    const call = bridge.child(root, "call", {
      kind: SpanKind.CLIENT,
      attributes: { "http.request.method": "GET", "url.full": "http://shop.test/", list: ["x"] },
    });
    call.addEvent("cached", { keys: ["a"] });
    call.end();
    context.with(contextOf(root, context.active()), () => {
      captureException(new Error("failed"));
      captureEvent({ message: "own", extra: { nested: { list: [1] } } });
      captureFeedback({ message: "feedback" });
      logger.info("log", { own: CONSTANTS.attributes });
      metrics.count("metric", 1, { attributes: { own: CONSTANTS.attributes } });
    });
    root.end();
  });
  await client.flush();
  return transport.envelopes.map(({ items }) =>
    items.map((item) => [item.header["type"], withoutChance(item.json())]),
  );
}

// Ids, times, and what counts up.
const CHANCE =
  /(?:_id|timestamp|sample_rand|start_timestamp|sequence|"value":\d+\.\d+)$|^timestamp$|^lineno$|^colno$/;

function withoutChance(json: unknown): unknown {
  return JSON.parse(
    JSON.stringify(json, (key, value: unknown) => (CHANCE.test(key) ? undefined : value)),
  ) as unknown;
}

const RESOURCE = {
  resource: resourceFromAttributes({
    "service.name": "shop",
    "host.name": "web-1",
    "os.type": "linux",
    "process.command_args": ["node", "app"],
  }),
};

async function secondEvents(options: ClientOptions, between: () => void): Promise<unknown[]> {
  const bridge = startBridge(options, RESOURCE);
  await captureAll(bridge);
  between();
  return await captureAll(bridge);
}

describe("a hook that writes to all its arguments", () => {
  it("changes no later event, whichever field it writes to", async () => {
    const expected = await secondEvents(
      hooksWith("add", () => false),
      () => undefined,
    );
    const constants = structuredClone(CONSTANTS);
    expect(expected.length).toBeGreaterThanOrEqual(5);

    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom<Vandalism>("add", "delete", "overwrite"),
        fc.subarray(["hooks", "global processor"] as const, { minLength: 1 }),
        async (how, where) => {
          let isOn = true;
          const hooks = hooksWith(how, () => isOn && where.includes("hooks"));
          getGlobalScope().addEventProcessor((event, hint) => {
            if (isOn && where.includes("global processor")) {
              vandalize(event, how);
              vandalize(hint, how);
            }
            return event;
          });
          const events = await secondEvents(hooks, () => (isOn = false));
          getGlobalScope().clear();

          expect(events).toEqual(expected);
          expect(CONSTANTS).toEqual(constants);
        },
      ),
      { numRuns: 12 },
    );
  });

  it("gets writable copies, also of the frozen data of scopes", async () => {
    const { transport, client } = startBridge({
      beforeSend: (event) => {
        Object.assign(event.contexts?.["order"] ?? {}, { seen: true });
        (event.user as { data: { roles: string[] } }).data.roles.push("seen");
        Object.assign(event.sdk ?? {}, { name: "sentry.other", version: "1.0" });
        return event;
      },
    });
    context.with(forkIsolation(), () => {
      getIsolationScope().setContext("order", { id: 1 });
      setUser({ id: "anna", data: { roles: [] } });
      captureException(new Error("failed"));
    });
    await client.flush();

    const [event] = transport.errors();
    expect(event).toMatchObject({
      contexts: { order: { id: 1, seen: true } },
      user: { data: { roles: ["seen"] } },
      sdk: { name: "sentry.other" },
    });
  });

  it("cannot change the id that an event is known by", async () => {
    const { transport, client } = startBridge({
      beforeSend: (event) => Object.assign(event, { event_id: "changed" }),
    });
    getGlobalScope().addEventProcessor((event) => {
      Object.assign(event, { event_id: "changed" });
      throw new Error("and fails");
    });
    const id = captureException(new Error("failed"));
    await client.flush();
    getGlobalScope().clear();

    expect(transport.errors().map((event) => event.event_id)).toEqual([id]);
  });
});
