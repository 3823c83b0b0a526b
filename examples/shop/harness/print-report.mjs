import { styleText } from "./style.mjs";

const SHOWN_FAULTS = 5;

/**
 * Prints what was measured as a table, and the first faults under the rows that have some.
 *
 * @param {import("./checks/measure.mjs").Measure[]} measures
 * @param {(line: string) => void} print
 */
export function printReport(measures, print) {
  const label = Math.max(...measures.map((measure) => measure.label.length));
  const value = Math.max(...measures.map((measure) => String(measure.value).length));
  const rule = (left, middle, right) =>
    `${left}${"─".repeat(label + 2)}${middle}${"─".repeat(value + 2)}${middle}──────${right}`;
  print(rule("┌", "┬", "┐"));
  for (const { label: text, value: found, faults } of measures) {
    const verdict = faults.length === 0 ? styleText("green", " ok ") : styleText("red", "FAIL");
    print(`│ ${text.padEnd(label)} │ ${String(found).padStart(value)} │ ${verdict} │`);
  }
  print(rule("└", "┴", "┘"));
  for (const { label: text, faults } of measures) printFaults(text, faults, print);
}

function printFaults(label, faults, print) {
  if (faults.length === 0) return;
  print(styleText("red", `${label}:`));
  for (const fault of faults.slice(0, SHOWN_FAULTS)) print(`  ${fault}`);
  if (faults.length > SHOWN_FAULTS) print(`  and ${faults.length - SHOWN_FAULTS} more`);
}
