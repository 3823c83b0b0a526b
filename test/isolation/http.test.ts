import { afterEach, beforeEach, describe, expect, it } from "vitest";

import type { ClientStats } from "../../src/index.js";
import type { ReceivedError, ReceivedTransaction } from "../../src/testing/received.js";
import { assertSettled, startIngestServer } from "../../src/testing/testing.js";
import { IS_DEEP } from "../property/runs.js";
import { startFixture } from "./child.js";
import { sendLoad } from "./load.js";

/** Half of them at the same time, over connections that the other half uses again. */
const REQUESTS = IS_DEEP ? 400 : 60;

interface Variant {
  readonly sampler: "off" | "on";
  readonly propagator: "none" | "sentry" | "w3c";
}

const VARIANTS: readonly Variant[] = [
  { sampler: "on", propagator: "sentry" },
  { sampler: "on", propagator: "w3c" },
  { sampler: "on", propagator: "none" },
  { sampler: "off", propagator: "sentry" },
  { sampler: "off", propagator: "w3c" },
  { sampler: "off", propagator: "none" },
];

interface Report {
  readonly leaks: number;
  readonly stats: ClientStats;
}

let server: Awaited<ReturnType<typeof startIngestServer>>;

beforeEach(async () => {
  server = await startIngestServer();
});

afterEach(() => server.close());

describe("concurrent requests to a service with the stock HTTP instrumentation", () => {
  it.each(VARIANTS)(
    "never see, or send, another's user, tags or breadcrumbs (sampler $sampler, propagator $propagator)",
    async (variant) => {
      const { answered, report } = await exercise(variant);
      const transactions = server.transactions();
      const errors = server.errors();

      expect(report.leaks).toBe(0);
      expect(answered.length).toBe(REQUESTS - REQUESTS / 20);
      expect(errors.flatMap(faultsOfError)).toEqual([]);
      expect(countOf(errors.map(idOfError), answered)).toBe(answered.length * 2);
      expect(transactions.flatMap(faultsOfTransaction)).toEqual([]);
      expect(countOf(transactions.map(idOf), answered)).toBe(
        variant.sampler === "on" ? answered.length : 0,
      );
      assertSettled({ stats: () => report.stats });
    },
  );
});

async function exercise(variant: Variant): Promise<{ answered: string[]; report: Report }> {
  const service = await startFixture("server.mjs", {
    env: { DSN: server.dsn, SAMPLER: variant.sampler, PROPAGATOR: variant.propagator },
  });
  try {
    const port = await service.next<number>();
    const answered = await sendLoad({
      port,
      ids: Array.from({ length: REQUESTS }, (_, index) => `request${index}`),
      headersOf: (index) => (index % 2 === 0 ? {} : headersFor(variant, index)),
      isAborted: (index) => index % 20 === 0,
    });
    service.send("report");
    return { answered, report: await service.next<Report>() };
  } finally {
    await service.stop();
  }
}

// Each request is of a trace of its own.
function headersFor({ propagator }: Variant, index: number): Record<string, string> {
  const traceId = `c${index.toString(16).padStart(31, "0")}`;
  const spanId = `d${index.toString(16).padStart(15, "0")}`;
  const sampled = index % 4 === 1 ? 1 : 0;
  if (propagator !== "sentry") return { traceparent: `00-${traceId}-${spanId}-0${sampled}` };
  // Without a decision: one that the sender has refused would not be sent.
  return {
    "sentry-trace": `${traceId}-${spanId}`,
    baggage: `sentry-trace_id=${traceId},sentry-public_key=feed`,
  };
}

function idOf({ contexts }: ReceivedTransaction): string | undefined {
  const id = contexts.trace?.data?.["test.id"];
  return typeof id === "string" ? id : undefined;
}

function idOfError({ exception }: ReceivedError): string | undefined {
  return /^(?:explicit|caught) (\w+)$/u.exec(exception?.values.at(-1)?.value ?? "")?.[1];
}

function countOf(ids: readonly (string | undefined)[], answered: readonly string[]): number {
  const known = new Set<string | undefined>(answered);
  return ids.filter((id) => known.has(id)).length;
}

function faultsOfTransaction(transaction: ReceivedTransaction): string[] {
  const id = idOf(transaction);
  if (id === undefined) return ["a transaction of no request"];
  // A request that was broken off has set what it could until then.
  const isWhole = transaction.tags?.["part.two"] !== undefined;
  const faults = foreignIn(transaction, id);
  if (isWhole && transaction.user?.id !== id)
    faults.push(`${id}: user ${JSON.stringify(transaction.user)}`);
  if (isWhole && transaction.spans.length !== 2)
    faults.push(`${id}: ${transaction.spans.length} spans`);
  return faults;
}

function faultsOfError(error: ReceivedError): string[] {
  const id = idOfError(error);
  if (id === undefined) return ["an error of no request"];
  const faults = foreignIn(error, id);
  if (error.user?.id !== id) faults.push(`${id}: user ${JSON.stringify(error.user)}`);
  if (error.tags?.["request"] !== id) faults.push(`${id}: tags ${JSON.stringify(error.tags)}`);
  return faults;
}

// Everything that a request sets has its id in it.
function foreignIn(
  { user, tags, breadcrumbs }: ReceivedError | ReceivedTransaction,
  id: string,
): string[] {
  const texts = JSON.stringify({ user, tags, breadcrumbs });
  const ids = [...texts.matchAll(/request\d+/gu)].map(([found]) => found);
  return ids.filter((found) => found !== id).map((found) => `${id}: has something of ${found}`);
}
