import { createHash } from "node:crypto";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { brotliDecompressSync } from "node:zlib";

/** The page and its Content-Security-Policy. */
export interface PageFile {
  readonly html: string;
  readonly contentSecurityPolicy: string;
}

const FOLDER = join(import.meta.dirname, "page");

// The package has the page as one compressed document, a third of its size. The sources have a file for each module.
const PACKED = "page.html.br";

const STYLES = /(?:<link rel="stylesheet" href="[^"]+" \/>\s*)+/;
const SCRIPTS = /(?:<script type="module" src="[^"]+"><\/script>\s*)+/;
const FILE = /(?:href|src)="([^"]+)"/g;

/** Reads the page, as one document with one style and one script. Throws if a file is missing. */
export function readPage(folder: string = FOLDER): PageFile {
  const packed = join(folder, PACKED);
  const html = existsSync(packed)
    ? brotliDecompressSync(readFileSync(packed)).toString("utf8")
    : documentOf(folder);
  const style = /<style>(.*?)<\/style>/s.exec(html)?.[1] ?? "";
  const script = /<script type="module">(.*?)<\/script>/s.exec(html)?.[1] ?? "";
  return { html, contentSecurityPolicy: policyOf({ script, style }) };
}

// A style and a script take the place of the files that `page.html` names.
function documentOf(folder: string): string {
  const read = (name: string): string => readFileSync(join(folder, name), "utf8");
  return read("page.html")
    .replace(STYLES, (links) => `<style>${filesIn(links).map(read).join("")}</style>`)
    .replace(SCRIPTS, (tags) => {
      const code = filesIn(tags).map(read).map(withoutModuleSyntax).join("");
      return `<script type="module">${code}</script>`;
    });
}

function filesIn(tags: string): string[] {
  return [...tags.matchAll(FILE)].map(([, name = ""]) => name);
}

// Allows only this script and this style, and connections only to this server. Trusted Types forbid turning text into
// markup, so that a mistake in the page cannot become a vulnerability.
function policyOf({ script, style }: { script: string; style: string }): string {
  return [
    "default-src 'none'",
    `script-src '${hashOf(script)}'`,
    `style-src '${hashOf(style)}'`,
    "connect-src 'self'",
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
    "require-trusted-types-for 'script'",
    "trusted-types 'none'",
  ].join("; ");
}

function hashOf(text: string): string {
  return `sha256-${createHash("sha256").update(text).digest("base64")}`;
}

// Also removes the documentation, a fifth of the script.
function withoutModuleSyntax(code: string): string {
  return code
    .replaceAll(/^import [^;]*;\n/gm, "")
    .replaceAll(/^export /gm, "")
    .replaceAll(/^ *\/\*\*.*?\*\/\n/gms, "");
}
