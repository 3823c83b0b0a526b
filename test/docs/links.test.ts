import { existsSync, readFileSync, statSync } from "node:fs";
import { dirname, join, relative } from "node:path";

import { describe, expect, it } from "vitest";

import { filesIn } from "../package/built-package.js";
import { headingIds, linkTargets } from "./markdown.js";
import { packedPackage } from "./packed-package.js";

const packed = packedPackage();

const ELSEWHERE = /^[a-z][a-z+.-]*:/i;

const root = join(import.meta.dirname, "../..");
const README = join(root, "README.md");
const REPOSITORY = ["README.md", "CHANGELOG.md", "docs", "examples"].map((path) =>
  join(root, path),
);

function pagesIn(paths: readonly string[]): string[] {
  return paths.flatMap(filesIn).filter((file) => file.endsWith(".md"));
}

/** Relative links of a page. */
function linksOf(page: string): string[] {
  return linkTargets(readFileSync(page, "utf8")).filter((target) => !ELSEWHERE.test(target));
}

function isDead(page: string, target: string): boolean {
  const [path = "", id] = target.split("#");
  const file = path === "" ? page : join(dirname(page), decodeURIComponent(path));
  if (!existsSync(file)) return true;
  if (id === undefined) return false;
  return !statSync(file).isFile() || !headingIds(readFileSync(file, "utf8")).has(id);
}

describe("the packed package", () => {
  it("has one page of documentation, the README", () => {
    const names = pagesIn([packed.directory]).map((page) => relative(packed.directory, page));
    expect(names).toEqual(["README.md"]);
  });

  it("names in its messages and declarations no page that it does not have", () => {
    const named = filesIn(join(packed.directory, "dist"))
      .filter((file) => /\.c?[jt]s$/.test(file))
      .flatMap((file) => readFileSync(file, "utf8").match(/[\w./-]*\w\.md\b/g) ?? []);
    expect(named).toEqual([]);
  });

  it("says in its README where the pages are to which the README links", () => {
    const readme = readFileSync(join(packed.directory, "README.md"), "utf8");
    expect(readme).toMatch(/the pages that it links to are in the repository/);
  });
});

describe("the repository", () => {
  it("has the target of every relative link of its pages, headings included", () => {
    const targets = pagesIn(REPOSITORY).flatMap((page) =>
      linksOf(page).map((target) => ({ page, target })),
    );
    const dead = targets
      .filter(({ page, target }) => isDead(page, target))
      .map(({ page, target }) => `${relative(root, page)}: ${target}`);
    expect(targets.length).toBeGreaterThan(50);
    expect(dead).toEqual([]);
  });

  it("would show a link to a page or a heading that it does not have", () => {
    const links = ["docs/no-such-page.md", "docs/set-up.md#no-such-heading", "docs#set-up"];
    expect(links.filter((target) => isDead(README, target))).toEqual(links);
  });

  it("links from its README to every page of the documentation", () => {
    const linked = linkTargets(readFileSync(README, "utf8"));
    const missing = pagesIn([join(root, "docs")])
      .map((page) => relative(root, page))
      .filter((name) => !linked.includes(name));
    expect(missing).toEqual([]);
  });
});
