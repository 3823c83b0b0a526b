// Makes one file of the inbox's page.
import { readFileSync } from "node:fs";
import { join } from "node:path";

import * as esbuild from "esbuild";

const STYLES = /(?:<link rel="stylesheet" href="[^"]+" \/>\s*)+/;
const SCRIPTS = /(?:<!--[^>]*-->\s*)?(?:<script type="module" src="[^"]+"><\/script>\s*)+/;

/** Returns the page in a folder as one document, minified. `app.js` imports all its modules. */
export async function pageDocument(folder) {
  const html = readFileSync(join(folder, "page.html"), "utf8");
  const style = await styleOf(folder, html);
  const script = await scriptOf(join(folder, "app.js"));
  return html
    .replace(STYLES, () => `<style>${style}</style>`)
    .replace(SCRIPTS, () => `<script type="module">${script}</script>`)
    .replaceAll(/\n\s*/g, "\n");
}

async function styleOf(folder, html) {
  const [links] = STYLES.exec(html);
  const files = [...links.matchAll(/href="([^"]+)"/g)].map(([, name]) => join(folder, name));
  const text = files.map((file) => readFileSync(file, "utf8")).join("");
  return (await esbuild.transform(text, { loader: "css", minify: true })).code;
}

async function scriptOf(entry) {
  const { outputFiles } = await esbuild.build({
    entryPoints: [entry],
    bundle: true,
    minify: true,
    format: "esm",
    target: "es2023",
    lineLimit: 200,
    write: false,
  });
  return outputFiles[0].text;
}
