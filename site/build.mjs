// Builds the site from README.md, docs/ and examples/, and the reference from the built declarations: `npm run docs:build`. Fails on a
// dead link. The result is in site/dist.
import { execFileSync } from "node:child_process";
import { cpSync, existsSync, mkdirSync, readdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const site = import.meta.dirname;
const root = fileURLToPath(new URL("..", import.meta.url));
const pages = join(site, "pages");

const bin = (name) => join(site, "node_modules/.bin", name);
const run = (command, ...args) => execFileSync(command, args, { cwd: site, stdio: "inherit" });

if (!existsSync(bin("vitepress"))) run("npm", "ci", "--no-audit", "--no-fund", "--loglevel=error");

// In the places that they have in the repository, so that their links hold.
rmSync(pages, { recursive: true, force: true });
mkdirSync(pages);
const isPage = (path) =>
  !path.includes("node_modules") && (/\.(?:md|png|svg)$/.test(path) || !/\.\w+$/.test(path));
for (const name of ["README.md", "CHANGELOG.md", "docs", "examples"])
  cpSync(join(root, name), join(pages, name), { recursive: true, filter: isPage });

const entries = ["index", "doctor", "testing"].map((name) => join(root, `dist/${name}.d.ts`));
run(
  bin("typedoc"),
  ...entries.flatMap((entry) => ["--entryPoints", entry]),
  ...["--plugin", "typedoc-plugin-markdown", "--out", join(pages, "reference")],
  ...["--tsconfig", join(site, "tsconfig.json"), "--readme", "none", "--disableSources"],
  // Types that are not exported are described where they are used; TypeDoc warns about each.
  ...["--hideGenerator", "--hideBreadcrumbs", "--logLevel", "Error"],
);
run(bin("vitepress"), "build", site);
console.log(
  `${readdirSync(pages, { recursive: true }).filter((name) => name.endsWith(".md")).length} pages in site/dist`,
);
