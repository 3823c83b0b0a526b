import { createServer } from "node:http";
import type { AddressInfo } from "node:net";

import { describe, expect, it } from "vitest";

import { transactionOf } from "../cli/trace-kit.js";
import { BROWSER_PATH } from "./browser.js";
import { usePage } from "./open-page.js";
import { envelopeOf, envelopeText } from "./order.js";

// Scroll containers of the header and of the page that hide something to their right.
const HIDDEN_PARTS = `[document.documentElement, ...document.querySelectorAll("header, nav, #side, #filters")]
  .filter((element) => element.scrollWidth > element.clientWidth)
  .map((element) => element.tagName)`;

describe.skipIf(BROWSER_PATH === undefined)("the inbox's page", () => {
  const open = usePage();

  it("folds and unfolds repeated spans with one key, and with the button", async () => {
    const spans = Array.from({ length: 20 }, (_, index) => ({
      id: `q${index}`,
      name: "SELECT orders",
      op: "db",
      from: 1 + index / 100,
      to: 1.005 + index / 100,
    }));
    open.inbox.receive(
      envelopeOf([
        ["transaction", transactionOf({ id: "r", name: "GET /orders", from: 1, to: 2 }, spans)],
      ]),
    );
    await open.page.goto(open.server.url);
    await open.page.locator(".row").first().waitFor();
    const rows = (): Promise<number> => open.page.locator(".row:visible").count();
    const button = open.page.locator("[data-fold]");

    expect([await rows(), await button.textContent()]).toEqual([2, "Unfold repeated"]);
    expect(await open.page.locator(".row").nth(1).innerText()).toMatch(/SELECT orders\s+×20/);
    await open.page.keyboard.press("f");
    expect([await rows(), await button.textContent()]).toEqual([21, "Fold repeated"]);
    await open.page.keyboard.press("f");
    expect(await rows()).toBe(2);
    await button.click();
    expect(await rows()).toBe(21);
    await open.page.locator("#filter-text").focus();
    await open.page.keyboard.type("f");
    expect(await open.page.locator("#filter-text").inputValue()).toBe("f");
    expect(await rows()).toBe(21);
  });

  it("has no part that is cut off on a narrow screen", async () => {
    await open.page.setViewportSize({ width: 400, height: 800 });
    await open.openOrder();

    expect(await open.page.evaluate(HIDDEN_PARTS)).toEqual([]);
    for (const name of ["Errors", "Logs", "Check-ins", "Metrics", "Dropped"])
      await open.page.getByRole("button", { name }).click({ trial: true });
  });

  it("takes envelopes that a page of another local server sends, and shows that page nothing", async () => {
    const other = createServer((_request, response) => response.end("<title>app</title>"));
    await new Promise<void>((resolve) => other.listen(0, "127.0.0.1", resolve));
    const { port } = other.address() as AddressInfo;
    const body = envelopeText([
      ["transaction", transactionOf({ id: "r", name: "/checkout", from: 1, to: 2 })],
    ]);
    await open.page.goto(`http://127.0.0.1:${port}/`);

    const outcomes = await open.page.evaluate(`(async () => {
      const sent = await fetch("${open.server.url}api/1/envelope/?sentry_key=inbox", {
        method: "POST", body: ${JSON.stringify(body)}, headers: { "x-own": "1" },
      });
      const read = await fetch("${open.server.url}data/about").then(() => "read", (error) => error.name);
      return [sent.status, read];
    })()`);
    open.faults.length = 0;
    open.requests.length = 0;
    other.close();
    other.closeAllConnections();

    expect(outcomes).toEqual([200, "TypeError"]);
    expect(open.inbox.summaries().map(({ name }) => name)).toEqual(["/checkout"]);
  });
});
