import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";

/** The page and its Content-Security-Policy. */
export interface PageFile {
  readonly html: string;
  readonly contentSecurityPolicy: string;
}

const FOLDER = join(import.meta.dirname, "page");

// In the order of their imports: each file uses only earlier ones.
const SCRIPTS = [
  "dom.js",
  "format.js",
  "lists.js",
  "list-view.js",
  "keys.js",
  "waterfall.js",
  "details.js",
  "trace-cards.js",
  "trace.js",
  "tables.js",
  "app.js",
];

const STYLES = ["theme.css", "layout.css", "trace.css", "details.css"];

/**
 * Builds the page as one document with one style and one script, into which the modules are joined. Throws if a file is
 * missing.
 */
export function readPage(): PageFile {
  const script = SCRIPTS.map((name) => withoutModuleSyntax(read(name))).join("");
  const style = STYLES.map((name) => read(name)).join("");
  const html = read("page.html")
    .replace(/<style>.*?<\/style>/s, () => `<style>${style}</style>`)
    .replace(
      /<script type="module">.*?<\/script>/s,
      () => `<script type="module">${script}</script>`,
    );
  return { html, contentSecurityPolicy: policyOf({ script, style }) };
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

function read(name: string): string {
  return readFileSync(join(FOLDER, name), "utf8");
}

// Also removes the documentation, which is a fifth of the script.
function withoutModuleSyntax(code: string): string {
  return code
    .replaceAll(/^import [^;]*;\n/gm, "")
    .replaceAll(/^export /gm, "")
    .replaceAll(/^ *\/\*\*.*?\*\/\n/gms, "");
}
