// Reads a trace of the demo from Spotlight's page, as a developer sees it.
import assert from "node:assert/strict";

import { chromium } from "playwright-core";

const SIZE = { width: 1400, height: 800 };
const NAME = "/:tenant/checkout/:user";

/**
 * Opens the trace of an order, checks its spans, and takes a picture if a file is named.
 *
 * @param {string} url
 * @param {string | undefined} picture
 * @returns the number of its spans
 */
export async function checkPage(url, picture) {
  const executablePath = process.env.CHROMIUM ?? "/usr/bin/chromium";
  const browser = await chromium.launch({ executablePath, args: ["--no-sandbox"] });
  try {
    const page = await browser.newPage({ viewport: SIZE });
    await page.goto(url);
    await page.getByText(NAME).first().click();
    await page.locator("ul.tree").first().waitFor();
    if (picture !== undefined) await page.screenshot({ path: picture });
    await expandAll(page);
    const paths = (await page.evaluate(pathsOfSpans)).map((path) => path.map(general));
    checkPaths(paths);
    const text = await page.locator("body").innerText();
    assert.equal(Number(/recorded in (\d+) spans/.exec(text)[1]), paths.length);
    return paths.length;
  } finally {
    await browser.close();
  }
}

// Its arrow points down where the spans below are hidden.
async function expandAll(page) {
  const closed = page.locator("ul.tree svg.transition:not(.rotate-180)");
  while ((await closed.count()) > 0) await closed.first().click();
}

// Without what differs between runs and calls.
function general(name) {
  return name.replace(/127\.0\.0\.1:\d+/, "<host>").replace(/sku-\d+$/, "<sku>");
}

const shown = (path) => path.join(" > ");

function checkPaths(paths) {
  const order = ["POST /:tenant/checkout/:user", "request handler", "checkout"];
  const call = [...order, "gather", "look up", "GET http://<host>/items/<sku>", "GET /items/:sku"];
  const query = paths.filter((path) => /^SELECT/i.test(path.at(-1)));
  const count = (path) => paths.filter((other) => shown(other) === shown(path)).length;
  // Three calls at once, each with the other service's transaction below it.
  assert.equal(count(call), 3, paths.map(shown).join("\n"));
  assert.equal(count([...call.slice(0, 5), "check stock"]), 3);
  assert.equal(query.length, 3);
  for (const path of query) assert.deepEqual(path.slice(0, call.length), call);
}

// Runs in the page. Returns the names from the root to each span.
function pathsOfSpans() {
  return [...document.querySelectorAll("ul.tree li")].map((item) => {
    const path = [];
    for (let each = item; each !== null; each = each.parentElement.closest("ul.tree li"))
      path.unshift(each.querySelector(":scope > a span[title]").title);
    return path;
  });
}
