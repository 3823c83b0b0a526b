import { context } from "@opentelemetry/api";
import { describe, expect, it } from "vitest";

import {
  captureEvent,
  captureException,
  captureMessage,
  forkIsolation,
  setTag,
  setUser,
  withScope,
} from "../../src/index.js";
import type { ClientOptions, ErrorEvent } from "../../src/index.js";
import type { ReceivedError } from "../../src/testing/received.js";
import { startBridge } from "../client/bridge.js";

function revoked(): object {
  const { proxy, revoke } = Proxy.revocable({}, {});
  revoke();
  return proxy;
}

/** The events that a function captures, alone in a unit of work. */
async function eventsOf(fn: () => void, options: ClientOptions = {}): Promise<ReceivedError[]> {
  const bridge = startBridge(options);
  context.with(forkIsolation(), fn);
  await bridge.client.flush();
  return bridge.transport.errors();
}

async function eventOf(fn: () => void, options: ClientOptions = {}): Promise<ReceivedError> {
  const [event, ...others] = await eventsOf(fn, options);
  expect(others).toEqual([]);
  if (event === undefined) throw new Error("no event was sent");
  return event;
}

describe("captureException", () => {
  it("sends an error of one unit once, and says by which event", async () => {
    const error = new Error("once");
    const ids: string[] = [];
    const event = await eventOf(() => {
      ids.push(captureException(error), captureException(error));
      ids.push(withScope(() => captureException(error)));
    });
    expect(ids).toEqual([event.event_id, event.event_id, event.event_id]);
  });

  it("sends two errors that read alike as two", async () => {
    const events = await eventsOf(() => {
      for (let count = 0; count < 2; count += 1) captureException(new Error("the same text"));
    });
    expect(events).toHaveLength(2);
  });

  it("sends a thrown value that is not an error each time", async () => {
    const events = await eventsOf(() => {
      captureException("text");
      captureException("text");
    });
    expect(events).toHaveLength(2);
    const frames = events[0]?.exception?.values[0]?.stacktrace?.frames ?? [];
    expect(frames.at(-1)?.["filename"]).toContain("capture.test.ts");
  });

  it("sends a cause that was captured before again, as part of what it has caused", async () => {
    const cause = new Error("cause");
    const events = await eventsOf(() => {
      captureException(cause);
      captureException(new Error("effect", { cause }));
    });
    expect(events.map(({ exception }) => exception?.values.map(({ value }) => value))).toEqual([
      ["cause"],
      ["cause", "effect"],
    ]);
  });

  it("does not send what an event before has shown as its cause", async () => {
    const cause = new Error("cause");
    const event = await eventOf(() => {
      captureException(new Error("effect", { cause }));
      captureException(cause);
    });
    expect(event.exception?.values).toHaveLength(2);
  });

  it("takes data for its event alone, which wins over all scopes", async () => {
    const events = await eventsOf(() => {
      setUser({ id: "scope", email: "a@example.com" });
      setTag("kept", "yes");
      captureException(new Error("first"), {
        level: "fatal",
        user: { id: "own" },
        tags: { own: "tag" },
        extra: { order: 5 },
        contexts: { cart: { items: 2 } },
        fingerprint: ["orders"],
        mechanism: { type: "auto.queue.worker", handled: false },
      });
      captureException(new Error("second"));
    });
    expect(events[0]).toMatchObject({
      level: "fatal",
      user: { id: "own", email: "a@example.com" },
      tags: { own: "tag", kept: "yes" },
      extra: { order: 5 },
      contexts: { cart: { items: 2 } },
      fingerprint: ["orders"],
      exception: { values: [{ mechanism: { type: "auto.queue.worker", handled: false } }] },
    });
    expect(events[1]).toMatchObject({
      level: "error",
      user: { id: "scope" },
      tags: { kept: "yes" },
    });
    expect(events[1]?.fingerprint).toBeUndefined();
  });

  it("lets a function write to the scope of its event alone", async () => {
    const events = await eventsOf(() => {
      captureException(new Error("first"), (scope) => scope.setTag("own", 1).setLevel("warning"));
      captureException(new Error("second"));
    });
    expect(events[0]).toMatchObject({ level: "warning", tags: { own: "1" } });
    expect(events[1]?.tags).toBeUndefined();
  });

  it.each([
    [
      "throws",
      () => {
        throw new Error("mine");
      },
    ],
    [
      "is a proxy that throws",
      new Proxy(
        {},
        {
          get: () => {
            throw new Error("mine");
          },
        },
      ),
    ],
    ["is null", null],
    ["has members of wrong kinds", { tags: 5, contexts: "x", attachments: 7, level: {}, user: [] }],
  ] as [string, never][])("sends its event also when its hint %s", async (_what, hint) => {
    const event = await eventOf(() => captureException(new Error("sent"), hint));
    expect(event.exception?.values[0]?.value).toBe("sent");
  });

  it("passes the thrown value to hooks in the hint", async () => {
    const seen: unknown[] = [];
    const error = new Error("seen");
    await eventOf(
      () => {
        withScope((scope) => {
          scope.addEventProcessor((event, hint) => (seen.push(hint.originalException), event));
          captureException(error);
        });
      },
      { beforeSend: (event, hint) => (seen.push(hint.originalException, hint.event_id), event) },
    );
    expect(seen.slice(0, 2)).toEqual([error, error]);
    expect(seen[2]).toMatch(/^[0-9a-f]{32}$/);
  });

  it("shows the source around each frame of the application's own", async () => {
    const event = await eventOf(() => captureException(new Error("here is its source")));
    const frame = event.exception?.values[0]?.stacktrace?.frames.findLast(({ filename }) =>
      String(filename).endsWith("capture.test.ts"),
    );
    expect(frame?.["context_line"]).toContain("here is its source");
    expect(frame?.["pre_context"]).toHaveLength(5);
    expect(frame?.["post_context"]).toHaveLength(5);
  });

  it("reads no source files with `frameContextLines: 0`", async () => {
    const event = await eventOf(() => captureException(new Error("none")), {
      frameContextLines: 0,
    });
    const frames = event.exception?.values[0]?.stacktrace?.frames ?? [];
    expect(frames.filter((frame) => "context_line" in frame)).toEqual([]);
  });

  it("names the transaction that it arose in, the resource and this package", async () => {
    const bridge = startBridge();
    bridge.tracer.startActiveSpan("nightly job", (span) => {
      captureException(new Error("in it"));
      span.end();
    });
    await bridge.client.flush();
    const [event] = bridge.transport.errors();
    expect(event).toMatchObject({
      transaction: "nightly job",
      contexts: { otel: { resource: { "service.name": "shop" } } },
      sdk: { packages: [{ name: "npm:otel-sentry-bridge" }] },
    });
  });
});

describe("captureMessage", () => {
  it("takes a level, or what captureException takes", async () => {
    const events = await eventsOf(() => {
      captureMessage("plain");
      captureMessage("warned", "warning");
      captureMessage("tagged", { tags: { a: "b" } });
      captureMessage("configured", (scope) => scope.setLevel("fatal"));
    });
    expect(events.map(({ logentry, level, tags }) => [logentry?.["message"], level, tags])).toEqual(
      [
        ["plain", "info", undefined],
        ["warned", "warning", undefined],
        ["tagged", "info", { a: "b" }],
        ["configured", "fatal", undefined],
      ],
    );
  });
});

describe("captureEvent", () => {
  it("sends an event of the application's own with what it says, and the scopes around it", async () => {
    const own: Partial<ErrorEvent> = {
      event_id: "4c79f60c11214eb38604f4ae0781bfb2",
      // Relay refuses what is older than 30 days.
      timestamp: Math.floor(Date.now() / 1000) - 86_400,
      level: "warning",
      logentry: { message: "row %s", params: ["5"], formatted: "row 5" },
      tags: { own: "tag" },
      server_name: "importer",
      breadcrumbs: { values: [{ timestamp: 1, message: "own" }] },
    };
    let id = "";
    const event = await eventOf(() => {
      setTag("scope", "tag");
      setTag("own", "lost");
      id = captureEvent(own);
    });
    expect(id).toBe(own.event_id);
    expect(event).toMatchObject({ ...own, tags: { own: "tag", scope: "tag" }, platform: "node" });
  });

  it.each([
    ["nothing", undefined],
    ["text", "event"],
    ["a transaction", { type: "transaction" }],
  ] as [string, never][])("refuses %s with one diagnostic", async (_what, value) => {
    const bridge = startBridge();
    expect(captureEvent(value)).toMatch(/^[0-9a-f]{32}$/);
    captureEvent(value);
    await bridge.client.flush();
    expect(bridge.transport.errors()).toEqual([]);
    expect(
      bridge.warnings.filter((text) => text.includes("captureEvent did not send an event")),
    ).toHaveLength(1);
  });

  it("sends an event without content for an unreadable argument", async () => {
    const event = await eventOf(() => captureEvent(revoked()));
    expect(event).toMatchObject({ level: "error", platform: "node" });
  });

  it("leaves out fields of a wrong shape, and copies what cannot be sent", async () => {
    const cyclic: Record<string, unknown> = { big: 5n };
    cyclic["self"] = cyclic;
    const event = await eventOf(() =>
      captureEvent({ tags: "none", fingerprint: [5], event_id: "x", extra: cyclic } as never),
    );
    expect(event.event_id).toMatch(/^[0-9a-f]{32}$/);
    expect(event.tags).toBeUndefined();
    expect(event.fingerprint).toBeUndefined();
    expect(event.extra).toEqual({ big: "[BigInt: 5]", self: "[Circular ~]" });
  });
});
