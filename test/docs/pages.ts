import { readFileSync } from "node:fs";
import { join, relative } from "node:path";

import { filesIn } from "../package/built-package.js";
import { codeBlocks } from "./markdown.js";
import type { CodeBlock } from "./markdown.js";

const root = join(import.meta.dirname, "../..");

/** A code block of the README, the documentation, or the examples. */
export interface PageBlock extends CodeBlock {
  /** Path of its page, from the root of the repository. */
  readonly page: string;
}

/** Names a block: its page, and the beginning of its text. */
export interface BlockName {
  readonly page: string;
  readonly begin: string;
}

/** The code blocks of all pages, in order. */
export const BLOCKS: readonly PageBlock[] = ["README.md", "docs", "examples"]
  .flatMap((path) => filesIn(join(root, path)))
  .filter((file) => file.endsWith(".md"))
  .flatMap((file) =>
    codeBlocks(readFileSync(file, "utf8")).map((block) => ({
      ...block,
      page: relative(root, file),
    })),
  );

/** True where the name is that of the block. */
export function isNamed({ page, text }: PageBlock, name: BlockName): boolean {
  return name.page === page && text.startsWith(name.begin);
}

/** The block of a name. Throws unless there is exactly one. */
export function blockOf(name: BlockName): PageBlock {
  const [block, ...others] = BLOCKS.filter((candidate) => isNamed(candidate, name));
  if (block === undefined || others.length > 0) {
    const count = block === undefined ? "no block" : "several blocks";
    throw new Error(`${name.page} has ${count} that begin with ${JSON.stringify(name.begin)}`);
  }
  return block;
}
