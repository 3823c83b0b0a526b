import { bodiesOf } from "./shapes.js";
import type { Block } from "./syntax.js";

/** A program as indented lines, numbered as the spans are named. */
export function show(program: Block): string {
  const lines: string[] = [];
  visit(program, "", lines);
  return lines.join("\n");
}

function visit(block: Block, indent: string, lines: string[]): void {
  for (const node of block) {
    const own = Object.entries(node).filter(
      ([, value]) => typeof value !== "object" && value !== false,
    );
    lines.push(
      `${indent}${lines.length} ${own.map(([key, value]) => (key === "type" ? value : `${key}=${value}`)).join(" ")}`,
    );
    for (const [index, body] of bodiesOf(node).entries()) {
      if (index > 0) lines[lines.length - 1] += " /";
      visit(body, `${indent}  `, lines);
    }
  }
}
