import { afterAll, beforeAll, describe, expect, it } from "vitest";

import { lineWith, startApps } from "./app.js";
import type { App, Apps, Framework } from "./app.js";
import { faultsOf, lastOwnFrame, usersOf } from "./event-faults.js";

const FRAMEWORKS: readonly Framework[] = ["express", "fastify", "koa"];

interface Route {
  readonly what: string;
  readonly path: string;
  readonly type: string;
  readonly mechanism?: Readonly<Record<string, unknown>>;
  /** The line that the stack ends in, if it is not that of the error; null where there is no stack. */
  readonly line?: string | null;
}

const ROUTES: readonly Route[] = [
  { what: "throws", path: "sync", type: "TypeError" },
  { what: "rejects after an await", path: "later", type: "TypeError" },
  { what: "throws an error with a cause", path: "cause", type: "RangeError" },
  { what: "throws in an active span that records it", path: "nested", type: "Error" },
  { what: "throws text", path: "text", type: "Error", line: null },
  {
    what: "captures the error and throws it on",
    path: "capture",
    type: "Error",
    mechanism: { type: "generic", handled: true },
  },
  {
    what: "captures text and throws it on",
    path: "captext",
    type: "Error",
    mechanism: { type: "generic", handled: true, synthetic: true },
    line: "captureException(thrown)",
  },
];

// As most services are: one framework in a process.
let stock: readonly Apps[];

beforeAll(async () => {
  stock = await Promise.all(FRAMEWORKS.map((framework) => startApps([framework])));
});

afterAll(() => Promise.all(stock.map((apps) => apps.stop())));

function stockApp(framework: Framework): App {
  const apps = stock[FRAMEWORKS.indexOf(framework)];
  if (apps === undefined) throw new Error(`no application of ${framework}`);
  return apps.of(framework);
}

describe.each(FRAMEWORKS)("a stock %s application", (framework) => {
  let app: App;

  beforeAll(() => {
    app = stockApp(framework);
  });

  it.each(ROUTES)("has one event of a route that $what", async (route) => {
    const { path, type, mechanism = ofFramework(framework), line = errorOf(path) } = route;
    const { statuses, errors, transactions } = await app.ask(`/${path}`, ["u1"]);
    expect(statuses).toEqual([500]);
    expect(errors).toHaveLength(1);
    expect(faultsOf(errors[0], { transactions, id: "u1" })).toEqual([]);
    const thrown = errors[0]?.exception?.values.at(-1);
    expect(thrown).toMatchObject({ type, value: `${path} u1`, mechanism });
    expect(lastOwnFrame(errors[0])).toEqual(line === null ? undefined : frameAt(line));
    expect(app.traceOfEnvelope(errors[0] ?? {})).toBe(errors[0]?.contexts?.trace?.trace_id);
  });

  it("shows the cause of an error with its own stack", async () => {
    const { errors } = await app.ask("/cause", ["u1"]);
    const [cause] = errors[0]?.exception?.values ?? [];
    expect(cause).toMatchObject({
      type: "Error",
      value: "query u1",
      mechanism: { type: "chained" },
    });
    expect(cause?.stacktrace?.frames.at(-1)).toEqual(frameAt(errorOf("query")));
  });

  it("has the event at the span in which the error arose", async () => {
    const { errors, transactions } = await app.ask("/nested", ["u1"]);
    const span = transactions[0]?.spans.find(({ description }) => description === "load order");
    expect(errors[0]?.contexts?.trace?.span_id).toBe(span?.span_id);
  });

  it("names the route in the event as in the transaction, but no bare URL", async () => {
    const { errors, transactions } = await app.ask("/later", ["u1"]);
    expect(transactions[0]?.transaction).toBe("GET /later");
    expect(errors[0]?.transaction).toBe(framework === "koa" ? undefined : "GET /later");
  });

  it("has one event of an error that the route hands to the framework", async () => {
    const { errors, transactions } = await app.ask("/handed", ["u1"]);
    expect(errors).toHaveLength(1);
    expect(faultsOf(errors[0], { transactions, id: "u1" })).toEqual([]);
    expect(lastOwnFrame(errors[0])).toMatchObject(lineWith(`${framework}.mjs`, "`handed $"));
    expect(errors[0]?.exception?.values.at(-1)?.mechanism).toMatchObject(ofFramework(framework));
  });

  it("has one event of a thrown object, with the text that its instrumentation records", async () => {
    const { errors, transactions } = await app.ask("/record", ["u1"]);
    expect(errors).toHaveLength(1);
    expect(faultsOf(errors[0], { transactions, id: "u1" })).toEqual([]);
    expect(errors[0]?.exception?.values[0]?.value).toBe(
      framework === "express" ? "[object Object]" : "record u1",
    );
  });

  it("has none of an error that its error handler answers with 422", async () => {
    const { statuses, errors, transactions } = await app.ask("/refused", ["u1"]);
    expect(statuses).toEqual([422]);
    expect(errors).toEqual([]);
    expect(transactions).toHaveLength(1);
  });

  it.each([
    ["alike", "/same"],
    ["with one object", "/shared"],
  ])("has an event for each of two requests that fail %s at the same time", async (_how, path) => {
    const { errors, transactions } = await app.ask(path, ["u1", "u2"]);
    expect(errors).toHaveLength(2);
    expect(usersOf(errors)).toEqual(new Set(["u1", "u2"]));
    expect(errors.flatMap((error) => faultsOf(error, { transactions }))).toEqual([]);
  });

  it("has an event for each second of 50 requests at the same time, and mixes none of them", async () => {
    const ids = Array.from({ length: 50 }, (_, index) => `u${index}`);
    const { statuses, errors, transactions } = await app.ask("/load", ids);
    const failing = ids.filter((_, index) => index % 2 === 1);
    expect(ids.filter((_, index) => statuses[index] === 500)).toEqual(failing);
    expect(errors).toHaveLength(failing.length);
    expect(usersOf(errors)).toEqual(new Set(failing));
    for (const error of errors) {
      expect(faultsOf(error, { transactions })).toEqual([]);
      expect(error.exception?.values.map(({ value }) => value)).toEqual([`load ${error.user?.id}`]);
      expect(lastOwnFrame(error)).toEqual(frameAt(errorOf("load")));
      expect(app.traceOfEnvelope(error)).toBe(error.contexts?.trace?.trace_id);
    }
  });
});

describe("a stock application with spanExceptions", () => {
  describe("'all'", () => {
    let apps: Apps;

    beforeAll(async () => {
      apps = await startApps(FRAMEWORKS, { SPAN_EXCEPTIONS: "all" });
    });

    afterAll(() => apps.stop());

    it.each(FRAMEWORKS)(
      "has an event of an error that is answered with 422, as one that was handled: %s",
      async (framework) => {
        const { errors, transactions } = await apps.of(framework).ask("/refused", ["u1"]);
        expect(errors).toHaveLength(1);
        expect(faultsOf(errors[0], { transactions, id: "u1" })).toEqual([]);
        expect(errors[0]?.exception?.values[0]).toMatchObject({
          value: "refused u1",
          mechanism: { handled: true },
        });
      },
    );
  });

  describe("'none'", () => {
    let apps: Apps;

    beforeAll(async () => {
      apps = await startApps(FRAMEWORKS, { SPAN_EXCEPTIONS: "none" });
    });

    afterAll(() => apps.stop());

    it.each(FRAMEWORKS)("has an event of what the route captures alone: %s", async (framework) => {
      const app = apps.of(framework);
      expect((await app.ask("/later", ["u1"])).errors).toEqual([]);
      expect((await app.ask("/capture", ["u1"])).errors).toHaveLength(1);
    });
  });
});

it("an Express router that is mounted in another has one event of what its route throws", async () => {
  const { errors, transactions } = await stockApp("express").ask("/router/later", ["u1"]);
  expect(errors).toHaveLength(1);
  expect(faultsOf(errors[0], { transactions, id: "u1" })).toEqual([]);
  expect(errors[0]?.transaction).toBe("GET /router/later");
});

describe("a middleware that rejects before the route", () => {
  it.each(["fastify", "koa"] as const)("has one event in a stock %s application", async (name) => {
    const { thrown, ...others } = await askMiddleware(stockApp(name));
    expect(others).toEqual({ events: 1, faults: [], frame: middlewareOf(name) });
    expect(thrown).toMatchObject({ mechanism: ofFramework(name) });
  });

  // The instrumentation of Express records what a middleware throws or hands on, and sees no promise.
  it("has none in a stock Express application, since nothing records it", async () => {
    const { statuses, errors } = await stockApp("express").ask("/middleware", ["u1"]);
    expect(statuses).toEqual([500]);
    expect(errors).toEqual([]);
  });

  describe("in an Express application whose error handler captures", () => {
    let apps: Apps;

    beforeAll(async () => {
      apps = await startApps(["express"], { ERROR_HANDLER: "reports" });
    });

    afterAll(() => apps.stop());

    it("has one", async () => {
      const { thrown, ...others } = await askMiddleware(apps.of("express"));
      expect(others).toEqual({ events: 1, faults: [], frame: middlewareOf("express") });
      const mechanism = { type: "auto.middleware.express", handled: false };
      expect(thrown).toMatchObject({ mechanism });
    });

    it.each(["/sync", "/later", "/cause", "/nested", "/text", "/handed", "/capture"])(
      "leaves what another route throws at one event: %s",
      async (path) => {
        const { errors, transactions } = await apps.of("express").ask(path, ["u1"]);
        expect(errors).toHaveLength(1);
        expect(faultsOf(errors[0], { transactions, id: "u1" })).toEqual([]);
      },
    );
  });
});

async function askMiddleware(
  app: App,
): Promise<Record<"events" | "faults" | "frame" | "thrown", unknown>> {
  const { errors, transactions } = await app.ask("/middleware", ["u1"]);
  return {
    events: errors.length,
    faults: faultsOf(errors[0], { transactions, id: "u1" }),
    frame: lastOwnFrame(errors[0]),
    thrown: errors[0]?.exception?.values.at(-1),
  };
}

function middlewareOf(framework: Framework): unknown {
  return expect.objectContaining(lineWith(`${framework}.mjs`, "`middleware $"));
}

function ofFramework(framework: Framework): Record<string, unknown> {
  return {
    type: expect.stringMatching(new RegExp(`^auto\\.\\w+\\.otel\\.${framework}$`, "u")),
    handled: false,
  };
}

function errorOf(path: string): string {
  return `Error(\`${path} $`;
}

function frameAt(line: string): unknown {
  return expect.objectContaining(lineWith("routes.mjs", line));
}
