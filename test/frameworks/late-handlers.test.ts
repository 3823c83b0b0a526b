import { delimiter } from "node:path";

import { describe, expect, it } from "vitest";

import type { ClientStats } from "../../src/index.js";
import type { ReceivedError } from "../../src/testing/received.js";
import { assertSettled, startIngestServer } from "../../src/testing/testing.js";
import { IS_DEEP } from "../property/runs.js";
import { startNode } from "./node-process.js";

/** Of each kind, in rounds: those of a round at the same time. */
const ROUNDS = IS_DEEP ? 4 : 2;
const UNITS = ROUNDS * (IS_DEEP ? 25 : 6);
const WAYS = ["recorded", "handed", "isolated", "scoped", "bound"];
const HANDLERS = [
  "outer",
  "emitter",
  "unhandledRejection",
  "uncaughtFromTimer",
  "uncaughtFromMicrotask",
  "afterOthers",
];

// Other versions of Node: `NODE_BINARIES=/path/to/node22:/path/to/node24 npx vitest run <this file>`.
// oxlint-disable-next-line node/no-process-env -- for whoever runs the tests
const BINARIES = process.env["NODE_BINARIES"]?.split(delimiter) ?? [process.execPath];

interface Report {
  readonly version: string;
  readonly stats: ClientStats;
}

interface Faults {
  readonly missing: string[];
  readonly repeated: string[];
  readonly wrong: string[];
}

describe.each(BINARIES)("on %s, an error that a handler sees later, elsewhere,", (execPath) => {
  it("is one event with the user, tags, trace and span of the unit that it arose in", async () => {
    const { report, events } = await run(execPath);
    const ids = HANDLERS.flatMap((handler) => WAYS.map((way) => `${way} ${handler}`));
    const units = ids.flatMap((id) => Array.from({ length: UNITS }, (_, n) => `${id} ${n}`));
    expect(faultsOf(events, units)).toEqual({
      missing: [],
      repeated: [],
      wrong: [],
    });
    assertSettled({ stats: () => report.stats });
  });
});

async function run(
  execPath: string,
): Promise<{ readonly report: Report; readonly events: readonly ReceivedError[] }> {
  const ingest = await startIngestServer();
  const node = startNode("late-handlers.mjs", {
    execPath,
    execArgv: ["--expose-gc"],
    env: { DSN: ingest.dsn, UNITS: String(UNITS / ROUNDS), ROUNDS: String(ROUNDS) },
  });
  try {
    return { report: await node.next<Report>(), events: ingest.errors() };
  } finally {
    await node.stop();
    await ingest.close();
  }
}

function faultsOf(events: readonly ReceivedError[], units: readonly string[]): Faults {
  const inside = new Map(events.filter(isMessage).map((event) => [textOf(event), placeOf(event)]));
  const errors = events.filter((event) => !isMessage(event));
  const texts = errors.map(textOf);
  const known = new Set(texts);
  return {
    missing: units.filter((unit) => !known.has(unit)),
    repeated: texts.filter((text, index) => texts.indexOf(text) !== index),
    wrong: errors.flatMap((error) => {
      const text = textOf(error);
      const place = placeOf(error);
      const isRight = error.user?.id === text && inside.get(text) === place;
      return isRight ? [] : [`${text}: ${place} for ${inside.get(text)}`];
    }),
  };
}

function isMessage({ exception }: ReceivedError): boolean {
  return exception === undefined;
}

function textOf({ exception, logentry }: ReceivedError): string {
  return String(exception?.values.at(-1)?.value ?? logentry?.["message"]);
}

function placeOf({ user, tags, contexts }: ReceivedError): string {
  const { trace_id, span_id } = contexts?.trace ?? {};
  return [user?.id, tags?.["unit"], trace_id, span_id].join(" ");
}
