import { execFile } from "node:child_process";
import { EventEmitter, once } from "node:events";
import { createServer, request } from "node:http";
import type { AddressInfo } from "node:net";
import { createInterface } from "node:readline";
import { PassThrough } from "node:stream";
import { finished } from "node:stream/promises";
import { runInNewContext } from "node:vm";
import { MessageChannel } from "node:worker_threads";

import { ROOT_CONTEXT, SpanKind, context } from "@opentelemetry/api";
import { describe, expect, it } from "vitest";

import { setUser } from "../../src/index.js";
import { gateKit } from "./gate-kit.js";

const { tracer, found, open, query, theObserver } = gateKit();

const UNITS = 25;

type CallBack = () => void;

function startQuery(): void {
  tracer.startSpan("query", { kind: SpanKind.CLIENT }).end();
}

/** Handles requests at once: each has a query of its own, and one in whichever context `run` calls back. */
async function handle(run: (callBack: CallBack, index: number) => unknown): Promise<void> {
  const units = Array.from({ length: UNITS }, async (_, index) => {
    const { span, ctx } = open();
    query(ctx);
    await context.with(ctx, () => run(startQuery, index));
    span.end();
  });
  await Promise.all(units);
}

/** Runs outside of every request. */
function atRoot(run: () => unknown): void {
  context.with(ROOT_CONTEXT, run);
}

/** Calls back when `emit` is called, which is done outside of every request. */
async function listen(emitter: EventEmitter, name: string, callBack: CallBack): Promise<void> {
  emitter.once(name, callBack);
  await Promise.resolve();
}

/** An object that an `await` takes for a promise. */
function thenableOf(callBack: CallBack): unknown {
  const then = (resolve: CallBack): void => {
    callBack();
    resolve();
  };
  const thenable = {};
  Reflect.set(thenable, "then", then);
  return thenable;
}

describe("the doctor finds nothing in a mechanism that keeps the context:", () => {
  it("a thenable that is awaited", async () => {
    await handle(async (callBack) => {
      await thenableOf(callBack);
    });

    expect(found()).toEqual([]);
  });

  it("a promise that another request resolves", async () => {
    const resolvers: CallBack[] = [];
    await handle((callBack, index) => {
      const own = new Promise<void>((resolve) => resolvers.push(resolve)).then(callBack);
      if (index === UNITS - 1) for (const resolve of resolvers) resolve();
      return own;
    });

    expect(found()).toEqual([]);
  });

  it("the promise of a stream's end", async () => {
    await handle(async (callBack) => {
      const stream = new PassThrough();
      atRoot(() => setImmediate(() => stream.resume().end()));
      await finished(stream);
      callBack();
    });

    expect(found()).toEqual([]);
  });

  it("a function of another VM context", async () => {
    const run = runInNewContext("async (callBack) => { await null; callBack(); }");
    await handle((callBack) => run(callBack));

    expect(found()).toEqual([]);
  });

  it("the callback of a child process", async () => {
    const { span, ctx } = open();
    await new Promise<void>((resolve) => {
      context.with(ctx, () =>
        execFile(process.execPath, ["--version"], () => {
          query(context.active(), UNITS);
          resolve();
        }),
      );
    });
    span.end();

    expect(found()).toEqual([]);
  });

  it("requests over a connection that is kept", async () => {
    const server = createServer((_, response) => response.end()).listen(0, "127.0.0.1");
    await once(server, "listening");
    const { port } = server.address() as AddressInfo;
    await handle(
      (callBack) =>
        new Promise<void>((resolve) => {
          request({ port, host: "127.0.0.1" }, (response) => {
            callBack();
            response.resume().on("end", resolve);
          }).end();
        }),
    );
    server.close().closeAllConnections();

    expect(found()).toEqual([]);
  });
});

describe("the doctor finds orphans in a mechanism that loses the context:", () => {
  it("a listener of a socket or another emitter", async () => {
    const emitter = new EventEmitter().setMaxListeners(UNITS);
    const { span } = open();
    await handle((callBack) => listen(emitter, "close", callBack));
    atRoot(() => emitter.emit("close"));
    await handle(() => {});
    span.end();

    expect(found()).toEqual(["D9 info"]);
    expect(theObserver().findings(false)[0]?.mechanism).toMatch(/^If this is background work, /);
  });

  it("the lines of a stream", async () => {
    const { span } = open();
    const streams: PassThrough[] = [];
    await handle((callBack) => {
      const stream = new PassThrough();
      streams.push(stream);
      atRoot(() => createInterface(stream).on("line", callBack));
    });
    atRoot(() => {
      for (const stream of streams) stream.end("line\n");
    });
    await new Promise((resolve) => setImmediate(resolve));
    await handle(() => {});
    span.end();

    expect(found()).toEqual(["D9 info"]);
  });

  it("messages of a port, which also set users outside of requests", async () => {
    const { span } = open();
    const { port1, port2 } = new MessageChannel();
    let received = 0;
    const all = new Promise<void>((resolve) => {
      atRoot(() =>
        port1.on("message", (id: number) => {
          startQuery();
          setUser({ id });
          if (++received === UNITS) resolve();
        }),
      );
    });
    await handle((_, index) => port2.postMessage(index));
    await all;
    port1.close();
    await handle(() => {});
    span.end();

    expect(found()).toEqual(expect.arrayContaining(["D9 info", "D10 error"]));
  });
});
