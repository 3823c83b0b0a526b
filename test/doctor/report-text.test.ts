import fc from "fast-check";
import { describe, expect, it } from "vitest";

import { finding } from "../../src/doctor/finding.js";
import { newReport } from "../../src/doctor/report.js";
import { reportLines } from "../../src/doctor/report-text.js";
import { runs } from "../property/runs.js";

const INDENT = 11;

/** Returns the lines of a report that show this code. */
function shown(code: string, columns = 80): string[] {
  const found = finding({ name: "x", summary: "s", mechanism: "m", fix: "f", code });
  const lines = reportLines(
    newReport({ mode: "on", command: "node", facts: [], findings: [found] }),
    columns,
  );
  return lines.slice(lines.findIndex((line) => / fix /.test(line)) + 1, -2);
}

/** Returns what a shell makes of a command over several lines. */
function pasted(lines: readonly string[]): string {
  return lines.map((line) => line.trim().replace(/\\$/, "")).join("");
}

it("the times of a report are in UTC, and say so", () => {
  const evidence = [{ kind: "span", name: "GET /", startMillis: 0, endMillis: 5 }] as const;
  const found = finding({ name: "x", summary: "s", mechanism: "m", fix: "f", evidence });
  const report = newReport({ mode: "on", command: "node", facts: [], findings: [found] });

  expect(reportLines(report).join("\n")).toContain("span GET / at 00:00:00.000Z for 5.0 ms");
});

describe("code in a report that is wider than the terminal", () => {
  const path = "./services/orders/deployments/production/europe/dist/in/instrumentation.mjs";

  it.each([40, 60, 80])("keeps paths and quoted texts whole, at %i columns", (columns) => {
    const command = `node --import ${path} --title "a text with spaces in it, which is one argument" app.js`;
    const lines = shown(command, columns);

    expect(pasted(lines)).toBe(command);
    expect(lines.some((line) => line.includes(path))).toBe(true);
    expect(lines.slice(0, -1).every((line) => line.endsWith(" \\"))).toBe(true);
  });

  it("keeps a comment a comment, and a command in it a command", () => {
    const command = `node --import ${path} app.js`;
    const lines = shown(`// ${command}`, 60);

    expect(lines.every((line) => line.slice(INDENT).startsWith("// "))).toBe(true);
    expect(pasted(lines.map((line) => line.trim().slice(3)))).toBe(command);
  });

  it("puts the comment at the end of a line above it", () => {
    const code = 'Sentry.init({ dsn: "https://key@host/1", defaultIntegrations: false });';

    expect(shown(`${code} // no tracesSampleRate`)).toEqual(
      ["// no tracesSampleRate", ...shown(code).map((line) => line.slice(INDENT))].map(
        (line) => " ".repeat(INDENT) + line,
      ),
    );
  });

  it("has all words of a command, whatever they are", () => {
    const word = fc.stringMatching(/^[\w./:@=<>~^*-]{1,90}$/);
    fc.assert(
      fc.property(fc.array(word, { maxLength: 12 }), fc.nat(60), (words, more) => {
        const command = ["node", "--import", ...words].join(" ");
        const lines = shown(command, 40 + more);

        expect(pasted(lines)).toBe(command);
        for (const line of lines)
          expect(line.length > 80 && / \S+ \S/.test(line.slice(INDENT))).toBe(false);
      }),
      { numRuns: runs(200) },
    );
  });

  it("is not broken in the text of a fix, if the command fits a line", () => {
    const fix = "Add this to package.json, and after that run `npm install --force @x/y`:";
    const found = finding({ name: "x", summary: "s", mechanism: "m", fix });
    const report = newReport({ mode: "on", command: "node", facts: [], findings: [found] });

    for (const columns of [42, 50, 60, 70, 80])
      expect(reportLines(report, columns).join("\n")).toContain("`npm install --force @x/y`");
  });
});
