import { createHook } from "node:async_hooks";

import { describe, expect, it, vi } from "vitest";

import { createRetryTransport } from "../../../src/delivery/retry/retry-transport.js";
import type { SendObserver, Transport } from "../../../src/delivery/transport.js";
import type { EncodedEnvelope } from "../../../src/protocol/envelope.js";
import { failed, retryBench } from "./retry-bench.js";
import { DELIVERED, envelopeOf } from "../support.js";

describe("a send that is delivered at once", () => {
  it("is one transmission with the caller's options, and makes no timer", async () => {
    const { transport, inner, timers } = retryBench();
    const envelope = envelopeOf();
    const options = { newConnection: true };
    expect(await transport.send(envelope, options)).toBe(DELIVERED);
    expect(inner.transmissions).toEqual([{ envelope, options, at: 0 }]);
    expect(inner.transmissions[0]?.options).toBe(options);
    expect(timers.pending).toBe(0);
    expect(transport.counts()).toEqual({
      retries: 0,
      held: 0,
      outages: 0,
      probes: 0,
      budget: 500,
    });
  });

  it("costs no promise, over a transport that calls observers", () => {
    const inner = {
      deliver: (_envelope: EncodedEnvelope, observer: SendObserver) => observer.settled(DELIVERED),
      send: () => Promise.resolve(DELIVERED),
      close: async () => {},
    };
    const transport = createRetryTransport({ transport: inner });
    const envelope = envelopeOf();
    const settled = vi.fn<SendObserver["settled"]>();
    let promises = 0;
    const hook = createHook({ init: (_id, type) => void (promises += Number(type === "PROMISE")) });
    hook.enable();
    transport.deliver(envelope, { settled, threw: () => {} });
    hook.disable();
    expect(settled).toHaveBeenCalledExactlyOnceWith(DELIVERED);
    expect(promises).toBe(0);
  });
});

describe("close", () => {
  it("ends sends that back off or are held, each with its own last error", async () => {
    const { inner, timers, send, fail, transport } = retryBench();
    const unknown = failed("answer");
    inner.script.push(unknown);
    const backsOff = send();
    await fail(4);
    const neverTried = send();
    await timers.turn();
    expect(transport.counts().held).toBe(2);
    await transport.close();
    await timers.turn();
    expect(backsOff.outcomes).toEqual([{ ...unknown, phase: "refused" }]);
    expect(neverTried.outcomes).toEqual([
      {
        outcome: "retryable",
        phase: "refused",
        error: expect.objectContaining({ message: "the transport is closed" }) as Error,
      },
    ]);
    expect(timers.pending).toBe(0);
    expect(transport.counts().held).toBe(0);
  });

  it("is passed on once, however often it is called, and nothing is sent after it", async () => {
    const { inner, transport } = retryBench();
    await Promise.all([transport.close(), transport.close()]);
    await transport.close();
    expect(inner.closes).toBe(1);
    expect(await transport.send(envelopeOf())).toMatchObject({
      outcome: "retryable",
      phase: "refused",
    });
    expect(inner.transmissions).toHaveLength(0);
  });

  it("is final for a send that is in flight and fails afterwards", async () => {
    const { inner, timers, send, transport } = retryBench();
    inner.script.push("held");
    const { outcomes } = send();
    const closed = transport.close();
    await closed;
    await timers.turn();
    expect(outcomes).toEqual([failed("refused")]);
    expect(timers.pending).toBe(0);
  });

  it("prevents a send that has just been released", async () => {
    const { inner, timers, send, fail, transport } = retryBench();
    await fail();
    const held = [send(), send()];
    inner.script.push("held");
    await timers.advance(500);
    inner.settle(DELIVERED);
    void transport.close();
    await timers.turn();
    expect(inner.transmissions).toHaveLength(6);
    expect(held.map(({ outcomes }) => outcomes)).toEqual([
      [DELIVERED],
      [expect.objectContaining({ outcome: "retryable", phase: "refused" })],
    ]);
  });

  it("passes on the error of the inner transport", async () => {
    const transport = createRetryTransport({
      transport: {
        send: () => Promise.resolve(DELIVERED),
        close: () => Promise.reject(new Error("stuck")),
      },
    });
    await expect(transport.close()).rejects.toThrow("stuck");
  });
});

describe("an inner transport that throws", () => {
  const throwing: Transport = {
    send() {
      throw new Error("a bug");
    },
    close: async () => {},
  };

  it("makes `send` reject, since it says nothing about the server", async () => {
    const transport = createRetryTransport({ transport: throwing });
    for (let count = 0; count < 10; count += 1)
      await expect(transport.send(envelopeOf())).rejects.toThrow("a bug");
    expect(transport.isReachable).toBe(true);
  });

  it("also does so at a later attempt, which is the last", async () => {
    const { inner, timers, send, pass } = retryBench();
    inner.script.push(failed("connect"), new Error("a bug"));
    const { outcomes } = send();
    await timers.turn();
    await pass(5000);
    expect(outcomes).toEqual([new Error("a bug")]);
    expect(inner.transmissions).toHaveLength(2);
    expect(timers.pending).toBe(0);
  });
});

describe("an observer", () => {
  it("is called before each attempt after the first, with the previous result", async () => {
    const onRetry = vi.fn<() => void>();
    const { inner, timers, send } = retryBench({ onRetry });
    const first = failed("reused");
    inner.script.push(first);
    const { envelope } = send();
    await timers.turn();
    expect(onRetry.mock.calls).toEqual([[envelope, first]]);
  });

  it("that throws has no effect", async () => {
    const { inner, timers, send } = retryBench({
      onRetry() {
        throw new Error("a bug");
      },
    });
    inner.script.push(failed("reused"));
    const { outcomes } = send();
    await timers.turn();
    expect(outcomes).toEqual([DELIVERED]);
  });
});

describe("timers and later attempts", () => {
  it("are made outside of any unit of work", async () => {
    let depth = 0;
    const places: string[] = [];
    const note = (what: string): void => void places.push(`${what} ${depth > 0 ? "out" : "in"}`);
    const runDetached = <T>(run: () => T): T => {
      depth += 1;
      try {
        return run();
      } finally {
        depth -= 1;
      }
    };
    const { timers, inner } = retryBench();
    inner.script.push(failed("connect"));
    const transport = createRetryTransport({
      transport: {
        close: () => inner.close(),
        send: (envelope, options) => {
          note("send");
          return inner.send(envelope, options);
        },
      },
      timers: {
        ...timers,
        inBackground(delayMillis, run) {
          note("timer");
          return timers.inBackground(delayMillis, run);
        },
      },
      now: () => timers.now(),
      runDetached,
    });
    void transport.send(envelopeOf());
    await timers.turn();
    await timers.advance(1000);
    expect(places).toEqual(["send in", "timer out", "send out"]);
  });
});
