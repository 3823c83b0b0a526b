import { setImmediate as nextTurn } from "node:timers/promises";

import { DiagLogLevel, SpanKind, context, diag } from "@opentelemetry/api";
import type { DiagLogger } from "@opentelemetry/api";
import * as fc from "fast-check";
import { describe, expect, it } from "vitest";

import {
  addBreadcrumb,
  captureCheckIn,
  captureException,
  captureFeedback,
  captureMessage,
  forkIsolation,
  getGlobalScope,
  getIsolationScope,
  logger,
  metrics,
} from "../../src/index.js";
import type { ClientOptions, Transport } from "../../src/index.js";
import { DELIVERED, DSN, FAILED, startBridge } from "./bridge.js";
import { times } from "../property/runs.js";

function captureAll(from: string): void {
  captureMessage(`message of ${from}`);
  captureException(new Error(`error of ${from}`));
  captureFeedback({ message: `feedback of ${from}` });
  captureCheckIn({ monitorSlug: "job", status: "ok" });
  addBreadcrumb({ message: `breadcrumb of ${from}` });
}

/** A logger that captures for each message of this package, and how deep it was called inside of itself. */
function capturingLogger(capture: () => void): { readonly depth: () => number } {
  let depth = 0;
  let deepest = 0;
  const log = (message: string): void => {
    // About this logger itself, when it is registered and when the test has finished.
    if (message.startsWith("@opentelemetry/api")) return;
    depth += 1;
    deepest = Math.max(deepest, depth);
    if (depth < 100) capture();
    depth -= 1;
  };
  const all: DiagLogger = { error: log, warn: log, info: log, debug: log, verbose: log };
  diag.setLogger(all, { logLevel: DiagLogLevel.ALL, suppressOverrideMessage: true });
  return { depth: () => deepest };
}

describe("a logger of OpenTelemetry's diag that captures", () => {
  it("is not called for its own captures, which are counted as reentrant", async () => {
    const { client, tracer } = startBridge({
      beforeSend: () => {
        throw new Error("hook");
      },
      tracesSampler: () => {
        throw new Error("sampler");
      },
      transport: { send: () => Promise.resolve(FAILED), close: () => Promise.resolve() },
    });
    const written = capturingLogger(() => {
      captureAll("the logger");
      logger.info("log of the logger");
      metrics.count("metric of the logger");
      tracer.startSpan("span of the logger").end();
    });

    captureAll("the application");
    tracer.startSpan("work").end();
    await client.flush();

    expect(written.depth()).toBe(1);
    const { errors, byCategory } = client.stats();
    expect(errors.dropped).toMatchObject({ before_send: 2 });
    const { reentrant = 0 } = errors.dropped;
    expect(reentrant).toBeGreaterThan(0);
    expect(byCategory.log_item?.dropped).toEqual({ reentrant: reentrant / 2 });
  });

  it("does not keep the application from reporting the same error later", async () => {
    const { client, transport } = startBridge({
      beforeSendTransaction: () => {
        throw new Error("hook");
      },
    });
    const error = new Error("shared");
    capturingLogger(() => captureException(error));
    client.core.diagnostics.warnOnce("kind", "a message");

    captureException(error);
    await client.flush();

    expect(transport.errors().map((event) => event.exception?.values[0]?.value)).toEqual([
      "shared",
    ]);
  });

  it("does not loop if it captures in a later turn, since each kind of message is logged once", async () => {
    const { client } = startBridge({
      beforeSend: () => {
        throw new Error("hook");
      },
    });
    let messages = 0;
    capturingLogger(() => {
      messages += 1;
      setImmediate(() => captureMessage("later"));
    });

    captureMessage("first");
    for (let turn = 0; turn < 20; turn += 1) await nextTurn();
    await client.flush();

    expect(messages).toBeLessThan(5);
    expect(client.stats().errors.dropped).toEqual({ before_send: 1 + messages });
  });
});

type HookName =
  | "beforeBreadcrumb"
  | "beforeSend"
  | "beforeSendLog"
  | "beforeSendMetric"
  | "beforeSendSpan"
  | "beforeSendTransaction"
  | "eventProcessor"
  | "tracesSampler";

const HOOKS: readonly HookName[] = [
  "beforeBreadcrumb",
  "beforeSend",
  "beforeSendLog",
  "beforeSendMetric",
  "beforeSendSpan",
  "beforeSendTransaction",
  "eventProcessor",
  "tracesSampler",
];

describe("a hook that captures", () => {
  it("is not called for its own captures, whichever hooks there are, and all is accounted for", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.subarray([...HOOKS], { minLength: 1 }),
        fc.subarray(["beforeSend", "beforeSendTransaction", "eventProcessor"] as const),
        async (names, awaited) => {
          const depths = new Map<HookName, number>();
          let deepest = 0;
          const act = (name: HookName): void => {
            const depth = (depths.get(name) ?? 0) + 1;
            depths.set(name, depth);
            deepest = Math.max(deepest, depth);
            if (depth < 50) {
              captureAll(name);
              logger.warn(name);
              metrics.count(name);
              tracer.startSpan(name, { kind: SpanKind.CLIENT }).end();
            }
            depths.set(name, depth - 1);
          };
          const hook =
            (name: HookName) =>
            <T>(given: T): T => {
              act(name);
              return given;
            };
          const laterHook =
            (name: HookName) =>
            async <T>(given: T): Promise<T> => {
              act(name);
              await nextTurn();
              captureMessage(`later of ${name}`);
              return given;
            };
          const isAwaited = (name: HookName): boolean =>
            (awaited as readonly string[]).includes(name);
          const chosen = names.filter((name) => name !== "eventProcessor");
          const options = Object.fromEntries(
            chosen.map((name) => {
              if (name === "tracesSampler") return [name, () => (act(name), 1)];
              return [name, isAwaited(name) ? laterHook(name) : hook(name)];
            }),
          ) as ClientOptions;
          const { client, tracer } = startBridge(options);
          if (names.includes("eventProcessor"))
            getGlobalScope().addEventProcessor(
              isAwaited("eventProcessor") ? laterHook("eventProcessor") : hook("eventProcessor"),
            );

          context.with(forkIsolation(), () => {
            captureAll("the application");
            logger.warn("the application");
            metrics.count("application");
            tracer.startSpan("work").end();
          });
          await client.flush();
          await client.flush();
          getGlobalScope().clear();

          expect(deepest).toBeLessThanOrEqual(2);
          const { errors, transactions } = client.stats();
          // Of hooks that run once for many items, a span becomes a transaction of its own.
          expect(transactions.sent).toBeLessThan(20);
          expect(errors.sent).toBe(2);
          expect(errors.captured).toBe(2 + (errors.dropped["reentrant"] ?? 0));
        },
      ),
      times(150),
    );
  });

  it("may count its events as metrics", async () => {
    const { client } = startBridge({
      beforeSend: (event) => {
        metrics.count("errors.sent");
        return event;
      },
    });

    captureMessage("counted");
    await client.flush();

    expect(client.stats().byCategory.trace_metric).toMatchObject({ captured: 1, sent: 1 });
  });

  it("can leave something behind that captures once the hook is over", async () => {
    let left: Promise<unknown> | undefined;
    const { client } = startBridge({
      beforeSend: (event) => {
        left ??= nextTurn().then(() => captureMessage("of a pool that the hook has opened"));
        return event;
      },
    });

    captureMessage("first");
    await left;
    await client.flush();

    expect(client.stats().errors).toMatchObject({ captured: 2, sent: 2 });
  });

  it("leaves the breadcrumbs of the unit alone", () => {
    startBridge({
      beforeBreadcrumb: (breadcrumb) => {
        addBreadcrumb({ message: "inside" });
        return breadcrumb;
      },
    });

    context.with(forkIsolation(), () => {
      addBreadcrumb({ message: "outside" });

      expect(getIsolationScope().data.breadcrumbs).toMatchObject({
        length: 1,
        entry: { message: "outside" },
      });
    });
  });
});

describe("a transport that captures its failures", () => {
  it.each(["at once", "after a while"])("gets none of them to send: %s", async (when) => {
    let sends = 0;
    const transport: Transport = {
      send: async () => {
        sends += 1;
        if (when === "after a while") await nextTurn();
        captureAll("the transport");
        logger.error("log of the transport");
        metrics.count("sends");
        return DELIVERED;
      },
      close: () => Promise.resolve(),
    };
    const { client } = startBridge({ dsn: DSN, transport, sendClientReports: false });

    captureMessage("first");
    await client.flush();
    await client.flush();

    expect(sends).toBe(1);
    const { errors, byCategory } = client.stats();
    expect(errors).toMatchObject({ captured: 3, sent: 1, dropped: { reentrant: 2 } });
    expect(byCategory.log_item?.dropped).toEqual({ reentrant: 1 });
  });
});
