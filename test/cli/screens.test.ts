import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { stripVTControlCharacters } from "node:util";

import { describe, expect, it } from "vitest";

import { itemLines } from "../../src/cli/print-items.js";
import { printTrace, lineSettingsOf } from "../../src/cli/print-trace.js";
import { textWidth } from "../../src/support/terminal-text.js";
import { TraceGroups } from "../../src/cli/trace-groups.js";
import { readArrivals } from "../../src/inbox/read-envelope.js";
import type { Arrival } from "../../src/inbox/views.js";
import { envelopeOf, orderItems } from "../inbox/order.js";
import { fakeTerminal } from "./fake-terminal.js";
import { transactionOf } from "./trace-kit.js";

const FOLDER = join(import.meta.dirname, "screens");

// A page that asks the database for each of 20 orders, one of which fails, for a user with a long name.
const orders = Array.from({ length: 20 }, (_, index) => ({
  id: `q${index}`,
  name: "SELECT id, total, currency FROM orders WHERE id = $1",
  op: "db",
  from: 1_795_918_300 + 0.004 + index * 0.002,
  to: 1_795_918_300 + 0.0055 + index * 0.002,
}));
const manyQueries = {
  ...transactionOf(
    {
      id: "r",
      name: "GET /注文/:id",
      op: "http.server",
      from: 1_795_918_300,
      to: 1_795_918_300.06,
    },
    orders,
    "0af7651916cd43dd8448eb211c80319c",
  ),
  user: { id: "4711", email: "grace.hopper@example.com" },
  tags: { plan: "enterprise", region: "eu-central-1" },
  server_name: "web-1",
};
const failing = {
  ...manyQueries,
  spans: manyQueries.spans.map((span) =>
    span.span_id === "q7" ? { ...span, status: "internal_error" } : span,
  ),
};

// An error whose file has a long path.
const deepError = {
  event_id: "d".repeat(32),
  level: "error",
  timestamp: 1_795_918_300.05,
  server_name: "web-1",
  contexts: { trace: { trace_id: "0af7651916cd43dd8448eb211c80319c", span_id: "r" } },
  exception: {
    values: [
      {
        type: "RangeError",
        value: "the order has no lines",
        stacktrace: {
          frames: [
            {
              function: "price",
              filename:
                "/home/grace/projects/shop/packages/orders/src/pricing/discounts/price-of-order.js",
              lineno: 128,
              colno: 9,
              in_app: true,
            },
          ],
        },
      },
    ],
  },
};

function screen(columns: number, hasColours: boolean): string[] {
  const terminal = fakeTerminal(hasColours, columns);
  const groups = new TraceGroups({ print: (trace) => printTrace(trace, terminal) });
  for (const items of [
    ...orderItems(),
    [
      ["event", deepError],
      ["transaction", failing],
    ] as const,
  ]) {
    const arrivals: Arrival[] = readArrivals(envelopeOf(items)).map(({ arrival }) => arrival);
    for (const arrival of arrivals) {
      if (arrival.kind === "spans" || arrival.kind === "error") groups.add(arrival);
    }
    for (const line of itemLines(arrivals, lineSettingsOf(terminal))) terminal.print(line);
  }
  groups.flush();
  expect(terminal.complaints).toEqual([]);
  return terminal.printed;
}

describe("the inbox's screen", () => {
  it.each([
    [60, "piped"],
    [100, "piped"],
    [160, "piped"],
    [60, "coloured"],
    [100, "coloured"],
    [160, "coloured"],
  ])("of %i columns, %s, is that of its file", (columns, kind) => {
    const lines = screen(columns, kind === "coloured");
    const file = join(FOLDER, `${columns}-${kind}.txt`);
    if (process.env["UPDATE_SCREENS"] === "1") {
      mkdirSync(FOLDER, { recursive: true });
      writeFileSync(file, `${lines.join("\n")}\n`);
    }

    expect(`${lines.join("\n")}\n`).toBe(readFileSync(file, "utf8"));
    const colourless = lines.map(stripVTControlCharacters);
    expect(Math.max(...colourless.map(textWidth))).toBeLessThanOrEqual(columns);
    expect(colourless).toEqual(screen(columns, false));
  });
});
