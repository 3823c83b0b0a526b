import fc from "fast-check";
import { describe, expect, it } from "vitest";

import { printTrace } from "../../src/cli/print-trace.js";
import { textWidth } from "../../src/support/terminal-text.js";
import { waterfall } from "../../src/cli/waterfall.js";
import { rowsOf } from "../../src/inbox/span-tree.js";
import type { SpanRow } from "../../src/inbox/span-tree.js";
import { fakeTerminal } from "./fake-terminal.js";
import { TRACE_ID, errorOf, recordOf, transactionOf } from "./trace-kit.js";
import { CHARACTER } from "../property/characters.js";
import { IS_DEEP } from "../property/runs.js";

// At least twice as many nested spans as calls fit on the stack, so that a recursive function would overflow it.
const DEEP_SPANS = IS_DEEP ? 100_000 : 20_000;

type Transactions = readonly ReturnType<typeof transactionOf>[];

function rows(...transactions: Transactions): SpanRow[] {
  return rowsOf(recordOf(transactions).spans, { fold: true });
}

function draw(...transactions: Transactions): string[] {
  return waterfall(rows(...transactions), { columns: 80, hasColours: false });
}

const calls = (count: number) =>
  Array.from({ length: count }, (_, index) => [
    { id: `c${index}`, name: "GET /items", from: index, to: index + 1 },
    { id: `q${index}`, parent: `c${index}`, name: "SELECT items", from: index, to: index + 1 },
  ]).flat();

function foldedCounts(callCount: number): number[] {
  const transaction = transactionOf({ id: "r", from: 0, to: 9 }, calls(callCount));
  return rows(transaction).map((row) => row.spans.length);
}

describe("the waterfall of a trace", () => {
  it("shows spans that ran at the same time one below the other", () => {
    const checkout = transactionOf(
      { id: "r", name: "GET /checkout", op: "http.server", from: 0, to: 0.026 },
      [
        { id: "a", name: "SELECT a", op: "db", from: 0.002, to: 0.012 },
        { id: "b", name: "SELECT b", op: "db", from: 0.002, to: 0.022 },
        { id: "c", name: "parse", parent: "a", from: 0.01, to: 0.012 },
      ],
    );

    expect(draw(checkout)).toEqual([
      "span                   op            time                                     ms",
      "unknown: GET /checkout http.server   ━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━     26.0",
      "├ SELECT a             db            ···━━━━━━━━━━━━━··················     10.0",
      "│ └ parse                            ·············━━━··················      2.0",
      "└ SELECT b             db            ···━━━━━━━━━━━━━━━━━━━━━━━━━━·····     20.0",
    ]);
  });

  it("puts the transaction of another service below the span that called it", () => {
    const caller = transactionOf({ id: "r", from: 0, to: 1 }, [{ id: "call", from: 0.2, to: 0.8 }]);
    const callee = transactionOf({ id: "far", parent: "call", from: 0.3, to: 0.7 }, [
      { id: "near", from: 0.4, to: 0.5 },
    ]);

    const names = rows(callee, caller).map(({ branch, spans }) => branch + spans[0].name);

    expect(names).toEqual(["r", "└ call", "  └ far", "    └ near"]);
  });

  it("puts a span on top whose parent has not come", () => {
    const found = rows(transactionOf({ id: "r", parent: "elsewhere", from: 0, to: 1 }));

    expect(found.map(({ branch }) => branch)).toEqual([""]);
  });

  it("draws a span of no length as one column, also at the very end", () => {
    const [, root, last] = draw(
      transactionOf({ id: "r", from: 0, to: 1 }, [{ id: "last", from: 1, to: 1 }]),
    );

    expect([root, last].map((line) => line?.split("━").length)).toEqual([51, 2]);
    expect(last).toMatch(/·━ +0\.0$/);
  });

  it(`draws a trace of ${DEEP_SPANS} spans, each below the one before`, () => {
    const children = Array.from({ length: DEEP_SPANS }, (_, index) => ({
      id: `s${index + 1}`,
      parent: `s${index}`,
      from: index,
      to: DEEP_SPANS,
    }));

    const lines = draw(transactionOf({ id: "s0", from: 0, to: DEEP_SPANS }, children));

    expect(lines).toHaveLength(DEEP_SPANS + 2);
    expect(lines.at(-1)).toMatch(new RegExp(`^ +└ s${DEEP_SPANS} `));
  });

  it("has every span once, folded or not, also if ids come twice or in a circle", () => {
    const id = fc.constantFrom("a", "b", "c", "d");
    const span = fc.record({ id, parent: id, from: fc.nat(9), to: fc.nat(9) });
    fc.assert(
      fc.property(span, fc.array(span), (root, children) => {
        const { spans } = recordOf([transactionOf(root, children)]);
        expect(rowsOf(spans, { fold: false })).toHaveLength(spans.length);
        const folded = rowsOf(spans, { fold: true }).flatMap((row) => row.spans);
        expect(new Set(folded)).toEqual(new Set(spans));
        expect(folded).toHaveLength(spans.length);
      }),
    );
  });

  it("fits every line into the terminal's width, whatever was sent", () => {
    const time = fc.double({ min: 0, max: 2e9, noNaN: true });
    const span = fc.record({
      id: fc.constantFrom("a", "b", "c"),
      name: fc.string({ unit: CHARACTER }),
      op: fc.string(),
      from: time,
      to: time,
    });
    const columns = fc.integer({ min: 60, max: 200 });
    fc.assert(
      fc.property(columns, span, fc.array(span), (width, root, children) => {
        const terminal = fakeTerminal(false, width);
        const record = recordOf([transactionOf(root, children)], [errorOf(root.name)]);
        printTrace(record, terminal);

        expect(terminal.complaints).toEqual([]);
        for (const line of terminal.printed) {
          expect(line).not.toMatch(/[\p{Cc}\p{Zl}\p{Zp}]/u);
          expect(textWidth(line)).toBeLessThanOrEqual(width);
        }
      }),
    );
  });

  it("folds repeated siblings into one line, with the sum of their times", () => {
    const queries = Array.from({ length: 20 }, (_, index) => ({
      id: `q${index}`,
      name: "SELECT orders",
      op: "db",
      from: index * 0.01,
      to: index * 0.01 + 0.005,
    }));

    const lines = draw(transactionOf({ id: "r", from: 0, to: 0.2 }, queries));

    expect(lines).toHaveLength(3);
    expect(lines[2]).toMatch(/^└ SELECT orders ×20 .* 100\.0$/);
  });

  it("folds interleaved queries each into a line of its own, and a failed one not at all", () => {
    const queries = Array.from({ length: 12 }, (_, index) => ({
      id: `q${index}`,
      name: index % 2 === 0 ? "SELECT user" : "SELECT orders",
      from: index,
      to: index + 1,
    }));
    const transaction = transactionOf({ id: "r", from: 0, to: 12 }, queries);
    const spans = transaction.spans.map((span) =>
      span.span_id === "q4" ? { ...span, status: "internal_error" } : span,
    );

    const names = rows({ ...transaction, spans }).map((row) => [
      row.spans[0].name,
      row.spans.length,
      row.spans[0].isFailed,
    ]);

    expect(names).toEqual([
      ["r", 1, false],
      ["SELECT user", 5, false],
      ["SELECT orders", 6, false],
      ["SELECT user", 1, true],
    ]);
  });

  it("folds calls together with what they caused, from five on", () => {
    expect(foldedCounts(5)).toEqual([1, 5, 5]);
    // Work that ran in parallel stays visible as such.
    expect(foldedCounts(3)).toEqual([1, 1, 1, 1, 1, 1, 1]);
  });
});

describe("a printed trace", () => {
  it("names its errors and the spans in which they arose", () => {
    const terminal = fakeTerminal();
    const root = { id: "r", name: "GET /", from: 0, to: 1 };

    printTrace(recordOf([transactionOf(root)], [errorOf("failed", "r")]), terminal);

    expect(terminal.printed[1]).toBe(`trace ${TRACE_ID}: 1 transaction, 1 span, 1 error`);
    expect(terminal.printed.slice(-2)).toEqual([
      "error: TypeError: failed",
      "  in GET / · unknown",
    ]);
  });

  it("is coloured on a terminal that has colours, and nowhere else", () => {
    const trace = recordOf([transactionOf({ id: "r", from: 0, to: 1 })]);
    const [plainTerminal, colourTerminal] = [fakeTerminal(), fakeTerminal(true)];

    printTrace(trace, plainTerminal);
    printTrace(trace, colourTerminal);

    expect(plainTerminal.printed.join("")).not.toContain("\u{1B}");
    expect(colourTerminal.printed.join("")).toContain("\u{1B}[36m━");
  });

  it("cannot steer the terminal", () => {
    const terminal = fakeTerminal();
    const root = { id: "r", name: "\u{1B}[2Jgone\u{202E}", from: 0, to: 1 };

    printTrace(recordOf([transactionOf(root)], [errorOf("\u{7}")], "\u{1B}c"), terminal);

    expect(terminal.printed.join("")).not.toMatch(/\p{C}/u);
  });
});
