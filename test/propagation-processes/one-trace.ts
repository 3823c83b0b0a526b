import { isDeepStrictEqual } from "node:util";

import { baggageHeaderToDynamicSamplingContext } from "@sentry/core";

import type { IngestServer } from "../../src/testing/testing.js";
import type { Hop } from "./chain.js";
import { sentAbout } from "./sent.js";
import type { Sent } from "./sent.js";

/** What the first service has told the second about the trace. */
export interface FirstWord {
  readonly traceId: string;
  readonly isSampled: boolean;
  readonly dsc: object;
}

/** What the first service has told the second about the trace. */
export function firstWordIn([, second]: readonly Hop[]): FirstWord {
  const [traceId = "", , flag] = second?.headers["sentry-trace"]?.split("-") ?? [];
  return { traceId, isSampled: flag === "1", dsc: dscOf(second) };
}

/**
 * What is wrong with one request's trace: all that see it must be told the same as the second; all of
 * `senders`, or none, must have sent, and have the span as their parent that they were told.
 */
export function faultsIn(
  ingest: IngestServer,
  hops: readonly Hop[],
  senders: readonly string[],
): string[] {
  const first = firstWordIn(hops);
  const sent = sentAbout(ingest, first.traceId);
  return [
    ...hops.slice(1).flatMap((hop) => faultsOfHop(hop, first)),
    ...faultsOfSenders([...sent.keys()], first.isSampled ? senders : []),
    ...[...sent].flatMap(([name, { dsc }]) => differences(`${name} sent`, dsc, first.dsc)),
    ...hops.flatMap((_hop, index) => (first.isSampled ? faultsOfLink(hops, index, sent) : [])),
  ];
}

function faultsOfHop({ name, headers }: Hop, first: FirstWord): string[] {
  const { "sentry-trace": sentryTrace, traceparent, baggage } = headers;
  const faults: string[] = [];
  if (sentryTrace !== undefined) {
    const [traceId, , flag] = sentryTrace.split("-");
    const told = { traceId, isSampled: flag === "1" };
    const expected = { traceId: first.traceId, isSampled: first.isSampled };
    faults.push(...differences(`${name} was told`, told, expected));
  }
  if (traceparent !== undefined && !traceparent.startsWith(`00-${first.traceId}-`))
    faults.push(`${name} was told ${traceparent}`);
  if (baggage !== undefined)
    faults.push(...differences(`${name} was told`, dscOf({ headers }), first.dsc));
  return sentryTrace === undefined && traceparent === undefined
    ? [...faults, `${name} was told of no trace`]
    : faults;
}

function faultsOfSenders(sent: readonly string[], expected: readonly string[]): string[] {
  return differences("sent have", sent.toSorted(), expected.toSorted());
}

function faultsOfLink(
  hops: readonly Hop[],
  index: number,
  sent: ReadonlyMap<string, Sent>,
): string[] {
  const { name = "", headers } = hops[index] ?? {};
  const before = sent.get(hops[index - 1]?.name ?? "");
  const told = parentToldBy(headers ?? {});
  const parent = sent.get(name)?.root.parentId ?? "";
  const faults: string[] = [];
  if (sent.has(name) && parent !== told)
    faults.push(`${name} has the parent ${parent}, not ${told}`);
  if (before !== undefined && !isDeepStrictEqual(before.calls, [told]))
    faults.push(`${name} was told of ${told}, not of ${before.calls.join()}`);
  return faults;
}

function parentToldBy({ "sentry-trace": sentryTrace, traceparent }: Hop["headers"]): string {
  return sentryTrace?.split("-")[1] ?? traceparent?.split("-")[2] ?? "";
}

function differences(what: string, found: unknown, expected: unknown): string[] {
  if (isDeepStrictEqual(numbersIn(found), numbersIn(expected))) return [];
  return [`${what} ${JSON.stringify(found)}, not ${JSON.stringify(expected)}`];
}

/** The sampling context that a hop was told. */
export function dscOf(hop: Pick<Hop, "headers"> | undefined): object {
  return { ...baggageHeaderToDynamicSamplingContext(hop?.headers["baggage"]) };
}

// As text `sample_rate` and `sample_rand` may keep their sender's form.
function numbersIn(value: unknown): unknown {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return value;
  const members = Object.entries(value) as [string, unknown][];
  return Object.fromEntries(
    members.map(([key, each]) => [key, key.startsWith("sample_") ? Number(each) : each]),
  );
}
