import { existsSync, readFileSync, statSync } from "node:fs";
import { dirname, join, relative } from "node:path";

import { afterAll, beforeAll, describe, expect, it } from "vitest";

import { filesIn } from "../package/built-package.js";
import { headingIds, linkTargets } from "./markdown.js";
import { packPackage } from "./packed-package.js";
import type { PackedPackage } from "./packed-package.js";

let packed: PackedPackage;

beforeAll(() => {
  packed = packPackage();
});
afterAll(() => packed.remove());

const ELSEWHERE = /^[a-z][a-z+.-]*:/i;

const root = join(import.meta.dirname, "../..");
const REPOSITORY = ["README.md", "CHANGELOG.md", "docs", "examples"].map((path) =>
  join(root, path),
);

function pagesIn(paths: readonly string[]): string[] {
  return paths.flatMap(filesIn).filter((file) => file.endsWith(".md"));
}

function pages(): string[] {
  return pagesIn([packed.directory]);
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
  it("has the README and the documentation", () => {
    const names = pages().map((page) => relative(packed.directory, page));
    expect(names).toEqual(expect.arrayContaining(["README.md", "docs/set-up.md", "docs/inbox.md"]));
  });

  it("has the target of every link of its pages that is not a full URL, headings included", () => {
    const targets = pages().flatMap((page) => linksOf(page).map((target) => ({ page, target })));
    const dead = targets
      .filter(({ page, target }) => isDead(page, target))
      .map(({ page, target }) => `${relative(packed.directory, page)}: ${target}`);
    expect(targets.length).toBeGreaterThan(50);
    expect(dead).toEqual([]);
  });

  it("would show a link to a page that only the repository has", () => {
    const readme = join(packed.directory, "README.md");
    const links = ["docs/RATIONALE.md", "examples/README.md", "docs/set-up.md#no-such-heading"];
    expect(links.filter((target) => isDead(readme, target))).toEqual(links);
  });

  it("links from its README to every page of the documentation", () => {
    const linked = linkTargets(readFileSync(join(packed.directory, "README.md"), "utf8"));
    const missing = pages()
      .map((page) => relative(packed.directory, page))
      .filter((name) => name.startsWith("docs/") && !linked.includes(name));
    expect(missing).toEqual([]);
  });
});

describe("the repository", () => {
  it("has the target of every relative link of its pages, headings included", () => {
    const dead = pagesIn(REPOSITORY).flatMap((page) =>
      linksOf(page)
        .filter((target) => isDead(page, target))
        .map((target) => `${relative(root, page)}: ${target}`),
    );
    expect(dead).toEqual([]);
  });
});
