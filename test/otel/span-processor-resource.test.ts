import { hostname } from "node:os";

import { ROOT_CONTEXT, context } from "@opentelemetry/api";
import { resourceFromAttributes } from "@opentelemetry/resources";
import type { Resource } from "@opentelemetry/resources";
import { afterEach, describe, expect, it, vi } from "vitest";

import type { ClientOptions } from "../../src/index.js";
import { captureException, forkIsolation } from "../../src/index.js";
import { MAX_RESOURCE_WAIT_MILLIS } from "../../src/spans/transaction-forwarder.js";
import type { ReceivedTransaction } from "../../src/testing/received.js";
import { startBridge } from "../client/bridge.js";
import type { Bridge } from "../client/bridge.js";
import { ownTime } from "../time/measure.js";

function ignore(): void {}

function pendingResource(): { resource: Resource; resolve: (version: string) => void } {
  let resolve: (version: string) => void = ignore;
  const version = new Promise<string>((settle) => {
    resolve = settle;
  });
  return {
    resource: resourceFromAttributes({ "service.name": "shop", "service.version": version }),
    resolve,
  };
}

async function sendOne(
  attributes: Record<string, string>,
  options: ClientOptions = {},
): Promise<ReceivedTransaction | undefined> {
  const bridge = startBridge(options, { resource: resourceFromAttributes(attributes) });
  bridge.tracer.startSpan("root").end();
  return (await bridge.flushed())[0];
}

describe("the machine's contexts", () => {
  const MACHINE = { "os.type": "linux", "host.arch": "arm64", "cloud.provider": "aws" };
  const CONTEXTS = {
    os: { name: "Linux" },
    device: { arch: "arm64" },
    cloud_resource: { "cloud.provider": "aws" },
  };

  it("are on transactions and errors alike", async () => {
    const bridge = startBridge({}, { resource: resourceFromAttributes(MACHINE) });
    bridge.tracer.startSpan("root").end();
    captureException(new Error("x"));
    const [transaction] = await bridge.flushed();
    expect(transaction?.contexts).toMatchObject(CONTEXTS);
    expect(bridge.transport.errors()[0]?.contexts).toMatchObject(CONTEXTS);
  });

  it("give way to the application's contexts of these names, on both", async () => {
    const bridge = startBridge({}, { resource: resourceFromAttributes(MACHINE) });
    const ctx = forkIsolation(ROOT_CONTEXT, (scope) => scope.setContext("os", { name: "mine" }));
    bridge.tracer.startSpan("root", {}, ctx).end();
    context.with(ctx, () => captureException(new Error("x")));
    const [transaction] = await bridge.flushed();
    const expected = { ...CONTEXTS, os: { name: "mine" } };
    expect(transaction?.contexts).toMatchObject(expected);
    expect(bridge.transport.errors()[0]?.contexts).toMatchObject(expected);
  });

  it("hold no secret that the resource has", async () => {
    const transaction = await sendOne({ "os.description": "https://me:hunter2@h/os" });
    expect(JSON.stringify(transaction)).not.toContain("hunter2");
  });
});

describe("the resource", () => {
  it("is sent whole, as contexts.otel.resource", async () => {
    const attributes = { "service.name": "shop", "service.version": "2.4.0", custom: "x" };
    const transaction = await sendOne(attributes);
    expect(transaction?.contexts["otel"]).toEqual({ resource: attributes });
  });

  it("gives release, environment and server name", async () => {
    const transaction = await sendOne({
      "service.version": "2.4.0",
      "deployment.environment.name": "staging",
      "service.instance.id": "instance-1",
      "host.name": "host-1",
    });
    expect(transaction).toMatchObject({
      release: "2.4.0",
      environment: "staging",
      server_name: "instance-1",
    });
  });

  it("gives them by older and lesser keys, too", async () => {
    const transaction = await sendOne({ "deployment.environment": "old", "host.name": "host-1" });
    expect(transaction).toMatchObject({ environment: "old", server_name: "host-1" });
    expect(transaction).not.toHaveProperty("release");
  });

  it("gives way to the options", async () => {
    const options = { release: "shop@3", environment: "test", serverName: "mine", dist: "7" };
    const transaction = await sendOne(
      { "service.version": "2", "deployment.environment.name": "staging", "host.name": "host" },
      options,
    );
    expect(transaction).toMatchObject({
      release: "shop@3",
      environment: "test",
      server_name: "mine",
      dist: "7",
    });
  });

  it("without attributes leaves `production` and the host name", async () => {
    expect(await sendOne({})).toMatchObject({
      environment: "production",
      server_name: hostname(),
    });
  });

  it("is in the sampling context as well", async () => {
    const bridge = startBridge(
      {},
      {
        resource: resourceFromAttributes({
          "service.version": "2.4.0",
          "deployment.environment.name": "staging",
        }),
      },
    );
    bridge.tracer.startSpan("root").end();
    await bridge.client.flush();
    expect(bridge.transport.envelopes[0]?.header["trace"]).toMatchObject({
      release: "2.4.0",
      environment: "staging",
    });
  });

  it("is known to errors once a transaction has shown it", async () => {
    const bridge = startBridge(
      {},
      { resource: resourceFromAttributes({ "service.version": "2.4.0" }) },
    );
    bridge.tracer.startSpan("root").end();
    captureException(new Error("later"));
    await bridge.client.flush();
    expect(bridge.transport.errors()).toMatchObject([{ release: "2.4.0" }]);
  });
});

// A root with a child; both have ended.
function start(resource: Resource, options: ClientOptions = {}): Bridge {
  const bridge = startBridge(options, { resource });
  const root = bridge.tracer.startSpan("root");
  bridge.child(root).end();
  root.end();
  return bridge;
}

describe("attributes that are not known yet", () => {
  afterEach(() => {
    vi.useRealTimers();
  });

  it("hold the transactions back until they are there", async () => {
    const { resource, resolve } = pendingResource();
    const bridge = start(resource);
    await new Promise((turn) => {
      setImmediate(turn);
    });
    expect(bridge.transport.envelopes).toEqual([]);
    expect(bridge.client.stats().spans).toMatchObject({ started: 2, open: 0, buffered: 2 });
    resolve("2.4.0");
    const [transaction] = await bridge.flushed();
    expect(transaction).toMatchObject({
      release: "2.4.0",
      contexts: { otel: { resource: { "service.version": "2.4.0" } } },
    });
  });

  it("are waited for by a flush and by a shutdown", async () => {
    const { resource, resolve } = pendingResource();
    const bridge = start(resource);
    const closing = bridge.processor.shutdown();
    resolve("2.4.0");
    await closing;
    expect(bridge.transport.transactions()).toMatchObject([{ release: "2.4.0" }]);
  });

  it("hold nothing back for longer than the bound", async () => {
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
    const { resource, resolve } = pendingResource();
    const bridge = start(resource);
    await vi.advanceTimersByTimeAsync(MAX_RESOURCE_WAIT_MILLIS - 100);
    expect(bridge.client.stats().spans.buffered).toBe(2);
    await vi.advanceTimersByTimeAsync(200);
    vi.useRealTimers();
    const [transaction] = await bridge.flushed();
    expect(transaction?.spans).toHaveLength(1);
    expect(transaction?.contexts["otel"]).toEqual({ resource: { "service.name": "shop" } });
    resolve("too late");
  });

  it("do not make a flush take longer than it may", async () => {
    const { resource, resolve } = pendingResource();
    const bridge = start(resource);
    const { result: isDone, millis } = await ownTime(() => bridge.client.flush(100));
    expect(millis).toBeLessThan(1000);
    resolve("2.4.0");
    expect(isDone).toBe(true);
    expect(bridge.transport.transactions()).toHaveLength(1);
  });

  it("cost no transaction when they come after a close", async () => {
    const { resource, resolve } = pendingResource();
    const bridge = start(resource);
    await bridge.client.close(100);
    resolve("too late");
    expect(bridge.client.stats().spans).toMatchObject({ started: 2, sent: 2, dropped: {} });
  });

  it("cost no transaction when the process ends", async () => {
    const bridge = start(pendingResource().resource);
    bridge.client.core.atExit();
    expect(bridge.client.stats().spans).toMatchObject({ captured: 2, buffered: 0 });
  });

  it("cost nothing when they fail", async () => {
    const failing = Promise.reject(new Error("no metadata service"));
    const bridge = start(resourceFromAttributes({ "service.name": "shop", "host.id": failing }));
    const [transaction] = await bridge.flushed();
    expect(transaction?.contexts["otel"]).toEqual({ resource: { "service.name": "shop" } });
  });
});
