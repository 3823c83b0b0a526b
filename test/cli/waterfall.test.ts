import fc from "fast-check";
import { describe, expect, it } from "vitest";

import { printTrace } from "../../src/cli/print-trace.js";
import { rowsOf, spansOf } from "../../src/cli/trace-rows.js";
import { waterfall } from "../../src/cli/waterfall.js";
import { fakeTerminal } from "./fake-terminal.js";
import { TRACE_ID, errorOf, transactionOf } from "./trace-parts.js";

const plain = (_style: string, text: string): string => text;

function draw(...transactions: readonly ReturnType<typeof transactionOf>[]): string[] {
  return waterfall(rowsOf(spansOf(transactions)), plain);
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
      "span                                             op             time                             ms",
      "GET /checkout                                    http.server    ━━━━━━━━━━━━━━━━━━━━━━━━━━     26.0",
      "├ SELECT a                                       db             ··━━━━━━━━━━··············     10.0",
      "│ └ parse                                                       ··········━━··············      2.0",
      "└ SELECT b                                       db             ··━━━━━━━━━━━━━━━━━━━━····     20.0",
    ]);
  });

  it("puts the transaction of another service below the span that called it", () => {
    const caller = transactionOf({ id: "r", from: 0, to: 1 }, [{ id: "call", from: 0.2, to: 0.8 }]);
    const callee = transactionOf({ id: "far", parent: "call", from: 0.3, to: 0.7 }, [
      { id: "near", from: 0.4, to: 0.5 },
    ]);

    const names = rowsOf(spansOf([callee, caller])).map(({ branch, span }) => branch + span.name);

    expect(names).toEqual(["r", "└ call", "  └ far", "    └ near"]);
  });

  it("puts a span on top whose parent has not come", () => {
    const rows = rowsOf(spansOf([transactionOf({ id: "r", parent: "elsewhere", from: 0, to: 1 })]));

    expect(rows.map(({ branch }) => branch)).toEqual([""]);
  });

  it("draws a span of no length as one column, also at the very end", () => {
    const [, root, last] = draw(
      transactionOf({ id: "r", from: 0, to: 1 }, [{ id: "last", from: 1, to: 1 }]),
    );

    expect([root, last].map((line) => line?.split("━").length)).toEqual([27, 2]);
    expect(last).toMatch(/·━ +0\.0$/);
  });

  it("draws a trace of 100,000 spans, each below the one before", () => {
    const children = Array.from({ length: 100_000 }, (_, index) => ({
      id: `s${index + 1}`,
      parent: `s${index}`,
      from: index,
      to: 100_000,
    }));

    const lines = draw(transactionOf({ id: "s0", from: 0, to: 100_000 }, children));

    expect(lines).toHaveLength(100_002);
    expect(lines.at(-1)).toMatch(/^ +└ s100000 /);
  });

  it("has a line for each span, also if ids come twice or in a circle", () => {
    const id = fc.constantFrom("a", "b", "c", "d");
    const span = fc.record({ id, parent: id, from: fc.nat(9), to: fc.nat(9) });
    fc.assert(
      fc.property(span, fc.array(span), (root, children) => {
        expect(rowsOf(spansOf([transactionOf(root, children)]))).toHaveLength(children.length + 1);
      }),
    );
  });

  it("has lines of at most 100 columns, and of one line each, whatever was sent", () => {
    const time = fc.double({ min: 0, max: 2e9, noNaN: true });
    const span = fc.record({
      id: fc.constantFrom("a", "b", "c"),
      name: fc.string({ unit: "binary" }),
      op: fc.string(),
      from: time,
      to: time,
    });
    fc.assert(
      fc.property(span, fc.array(span), (root, children) => {
        const terminal = fakeTerminal();
        const transactions = [transactionOf(root, children)];
        printTrace({ traceId: TRACE_ID, transactions, errors: [errorOf(root.name)] }, terminal);

        for (const line of terminal.printed) {
          expect(line).not.toMatch(/[\p{Cc}\p{Zl}\p{Zp}]/u);
          // Times that go over a year are wider than their column.
          expect(Array.from(line).length).toBeLessThanOrEqual(100 + 8);
        }
      }),
    );
  });
});

describe("a printed trace", () => {
  it("names its errors and the spans in which they arose", () => {
    const terminal = fakeTerminal();
    const root = { id: "r", name: "GET /", from: 0, to: 1 };

    printTrace(
      { traceId: TRACE_ID, transactions: [transactionOf(root)], errors: [errorOf("failed", "r")] },
      terminal,
    );

    expect(terminal.printed[1]).toBe(`trace ${TRACE_ID}: 1 transaction, 1 span, 1 error`);
    expect(terminal.printed.at(-1)).toBe("error: TypeError: failed (in GET /)");
  });

  it("is coloured on a terminal that has colours, and nowhere else", () => {
    const trace = {
      traceId: TRACE_ID,
      transactions: [transactionOf({ id: "r", from: 0, to: 1 })],
      errors: [],
    };
    const [plainTerminal, colourTerminal] = [fakeTerminal(), fakeTerminal(true)];

    printTrace(trace, plainTerminal);
    printTrace(trace, colourTerminal);

    expect(plainTerminal.printed.join("")).not.toContain("\u{1B}");
    expect(colourTerminal.printed.join("")).toContain("\u{1B}[36m━");
  });

  it("cannot steer the terminal", () => {
    const terminal = fakeTerminal();
    const root = { id: "r", name: "\u{1B}[2Jgone\u{202E}", from: 0, to: 1 };

    printTrace(
      { traceId: "\u{1B}c", transactions: [transactionOf(root)], errors: [errorOf("\u{7}")] },
      terminal,
    );

    expect(terminal.printed.join("")).not.toMatch(/\p{C}/u);
  });

  it("is one complaint when it is not of the shape of a trace", () => {
    const terminal = fakeTerminal();
    const transaction = { ...transactionOf({ id: "r", from: 0, to: 1 }), spans: [null] };

    printTrace({ traceId: TRACE_ID, transactions: [transaction as never], errors: [] }, terminal);

    expect(terminal.printed).toEqual([]);
    expect(terminal.complaints).toEqual([
      expect.stringMatching(/^A trace came that cannot be printed: TypeError/),
    ]);
  });
});
