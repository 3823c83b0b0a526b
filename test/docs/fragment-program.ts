import * as bridge from "../../src/index.js";
import type { Fragment } from "./fragment-parts.js";
import { blockOf } from "./pages.js";
import type { PageBlock } from "./pages.js";

const IMPORTS = /^import\s[^;]*;$/gm;

/**
 * Makes an ES module of a fragment: the block, between what the reader writes before and after it. Each line of the block
 * stays on its line of the page, counted from the opening fence.
 */
export function programOf(fragment: Fragment): string {
  const { text } = blockOf(fragment);
  // What stands before may open a function, in which nothing can be imported.
  const imports = (text.match(IMPORTS) ?? []).map((line) => line.replaceAll("\n", " "));
  const rest = text.replaceAll(IMPORTS, (line) => line.replaceAll(/[^\n]/g, ""));
  const first = [...imports, importsFor(text), fragment.before ?? ""].join(" ");
  return `${first}\n${filled(rest, fragment)}\n${fragment.after ?? ""}\nexport {};\n`;
}

// A page does not repeat an import for each fragment.
function importsFor(text: string): string {
  const words = new Set(text.match(/\b[A-Za-z]\w*\b/g));
  const imported = text.match(IMPORTS)?.join(" ") ?? "";
  const names = Object.keys(bridge).filter((name) => words.has(name) && !imported.includes(name));
  return names.length === 0 ? "" : `import { ${names.join(", ")} } from "otel-sentry-bridge";`;
}

function filled(text: string, { fill }: Fragment): string {
  if (fill === undefined) return text;
  if (!text.includes(fill.comment)) throw new Error(`no comment of the block is ${fill.comment}`);
  return text.replace(fill.comment, () => fill.code);
}

/** The file of a block, as it is named on the page or by its line. */
export function fileOf({ fileName, line }: PageBlock): string {
  return fileName ?? `line-${line}.mjs`;
}
