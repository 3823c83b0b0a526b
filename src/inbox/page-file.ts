import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";

/** The page and its Content-Security-Policy. */
export interface PageFile {
  readonly html: string;
  readonly contentSecurityPolicy: string;
}

const FOLDER = join(import.meta.dirname, "page");

const STYLES = /(?:<link rel="stylesheet" href="[^"]+" \/>\s*)+/;
const SCRIPTS = /(?:<script type="module" src="[^"]+"><\/script>\s*)+/;
const FILE = /(?:href|src)="([^"]+)"/g;

/**
 * Builds the page as one document with one style and one script, which take the place of the files that `page.html` names.
 * In the package they have it already. Throws if a file is missing.
 */
export function readPage(folder: string = FOLDER): PageFile {
  const read = (name: string): string => readFileSync(join(folder, name), "utf8");
  const html = read("page.html")
    .replace(STYLES, (links) => `<style>${filesIn(links).map(read).join("")}</style>`)
    .replace(SCRIPTS, (tags) => {
      const code = filesIn(tags).map(read).map(withoutModuleSyntax).join("");
      return `<script type="module">${code}</script>`;
    });
  const style = /<style>(.*?)<\/style>/s.exec(html)?.[1] ?? "";
  const script = /<script type="module">(.*?)<\/script>/s.exec(html)?.[1] ?? "";
  return { html, contentSecurityPolicy: policyOf({ script, style }) };
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
