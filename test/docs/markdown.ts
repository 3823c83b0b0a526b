/** A fenced code block. */
export interface CodeBlock {
  readonly language: string;
  /** Words that follow the language on the opening fence. */
  readonly info: string;
  readonly text: string;
  /** The file that its first line names: `// instrumentation.mjs`. */
  readonly fileName: string | undefined;
  /** The nearest heading above it. */
  readonly heading: string;
  /** Line of the opening fence, from 1. */
  readonly line: number;
}

// A block in a list is indented.
const BLOCK_OR_HEADING =
  /^(?<indent> *)(?<fence>`{3,})(?<language>\w*) *(?<info>.*)\n(?<text>[\s\S]*?)\n?^\k<indent>\k<fence>$|^#{1,6} (?<heading>.*)$/gm;
const HEADING = /^#{1,6} (?<heading>.*)$/;
const FILE_NAME = /^\/\/ (?<name>[\w./-]+\.[cm]?[jt]sx?)$/m;

/** The fenced code blocks of a Markdown text, in order. */
export function codeBlocks(markdown: string): CodeBlock[] {
  const blocks: CodeBlock[] = [];
  let heading = "";
  for (const match of markdown.matchAll(BLOCK_OR_HEADING)) {
    const { fence, language = "", info = "", indent = "", text: body = "" } = match.groups ?? {};
    const text = body.replaceAll(new RegExp(`^${indent}`, "gm"), "");
    if (fence === undefined) heading = match.groups?.["heading"] ?? "";
    else blocks.push({ language, info, text, heading, line: lineOf(match), ...fileNameOf(text) });
  }
  return blocks;
}

function lineOf({ input, index }: RegExpExecArray): number {
  return input.slice(0, index).split("\n").length;
}

function fileNameOf(text: string): Pick<CodeBlock, "fileName"> {
  const [first = ""] = text.split("\n");
  return { fileName: FILE_NAME.exec(first)?.groups?.["name"] };
}

/** Targets of the links and pictures of a Markdown text, outside of code. */
export function linkTargets(markdown: string): string[] {
  const prose = withoutCode(markdown);
  const inline = [...prose.matchAll(/\]\((?<target>[^()\s]+)(?: "[^"]*")?\)/g)];
  const html = [...prose.matchAll(/\b(?:href|src|srcset)="(?<target>[^"]+)"/g)];
  return [...inline, ...html].map(({ groups }) => groups?.["target"] ?? "");
}

/** The ids that a Markdown page's headings have on GitHub and npm. */
export function headingIds(markdown: string): Set<string> {
  const ids = new Set<string>();
  for (const line of withoutBlocks(markdown).split("\n")) {
    const heading = HEADING.exec(line)?.groups?.["heading"];
    if (heading !== undefined) ids.add(idOf(heading));
  }
  return ids;
}

function idOf(heading: string): string {
  return heading
    .toLowerCase()
    .replaceAll(/[^\p{L}\p{N}\s_-]/gu, "")
    .replaceAll(" ", "-");
}

function withoutBlocks(markdown: string): string {
  return markdown.replaceAll(/^(`{3,})[\s\S]*?^\1$/gm, "");
}

function withoutCode(markdown: string): string {
  return withoutBlocks(markdown).replaceAll(/`[^`\n]+`/g, "code");
}
