import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";

import type { Context, Tracer } from "@opentelemetry/api";
import { afterAll, describe, expect, it } from "vitest";

import { gateKit } from "./gate-kit.js";

const { tracer, found, open, over, query } = gateKit();

/** A library of the application. */
interface Library {
  /** Starts spans itself. */
  readonly query: (tracer: Tracer, ctx: Context, quantity: number) => void;
  /** Calls the application, which starts them. */
  readonly run: (job: () => void) => void;
}

const root = mkdtempSync(join(tmpdir(), "otel-sentry-bridge-own-work-"));
const library = installed();
afterAll(() => rmSync(root, { recursive: true }));

function installed(): Library {
  const directory = join(root, "node_modules/shop-db");
  mkdirSync(directory, { recursive: true });
  writeFileSync(
    join(directory, "index.js"),
    `exports.query = (tracer, ctx, quantity) => {
      for (let index = 0; index < quantity; index += 1) tracer.startSpan("query", {}, ctx).end();
    };
    exports.run = (job) => job();`,
  );
  return createRequire(import.meta.url)(directory) as Library;
}

function worked(): void {
  const { span, ctx } = open();
  query(ctx);
  span.end();
}

/** Ends requests of which some go on, each with so many spans. */
function goOn(late: number, others: () => void, start = query): void {
  for (let index = 0; index < 30; index += 1)
    if (index % 5 === 0) start(over(), late);
    else others();
}

function called(ctx: Context, quantity?: number): void {
  library.run(() => query(ctx, quantity));
}

describe("rule D1, of work that several requests do alike after their end, is", () => {
  it("worth knowing where all others have done work of their own", () => {
    goOn(6, worked);

    expect(found()).toEqual(["D1 info"]);
  });

  it("worth knowing, too, where it calls a library that starts the spans", () => {
    goOn(6, worked, (ctx, quantity = 1) => library.query(tracer, ctx, quantity));

    expect(found()).toEqual(["D1 info"]);
  });

  it("worth knowing where a queue has called it, or a cache has answered the others", () => {
    goOn(6, over, called);

    expect(found()).toEqual(["D1 info"]);
  });

  it("suspicious where each has more spans than there are such requests, as below the lanes of a queue", () => {
    goOn(7, worked, called);
    expect(found()).toEqual(["D1 warning"]);
  });

  it("an error where as many others have no span: a pool of ten connections", () => {
    const lanes = Array.from({ length: 10 }, () => over());
    for (let index = 0; index < 100; index += 1) {
      over();
      called(lanes[index % 10] ?? over());
    }
    expect(found()).toEqual(["D1 error"]);
  });

  it("an error where the others have no span, too", () => {
    goOn(7, over, called);
    expect(found()).toEqual(["D1 error"]);
  });

  it("suspicious, and no error, where no library has called it", () => {
    goOn(7, over);

    expect(found()).toEqual(["D1 warning"]);
  });

  it("an error where one of them has that of many", () => {
    query(over(), 40);
    goOn(6, over);

    expect(found()).toEqual(["D1 error"]);
  });
});

it("rule D6 finds the timer of a request that calls a library, which starts the spans", async () => {
  const ctx = over();
  let runs = 0;
  await new Promise<void>((resolve) => {
    const timer = setInterval(() => {
      library.query(tracer, ctx, 1);
      runs += 1;
      if (runs < 10) return;
      clearInterval(timer);
      resolve();
    }, 1);
  });

  expect(found()).toEqual(["D6 warning"]);
});
