import { createServer } from "node:http";
import type { AddressInfo } from "node:net";

import { describe, expect, it } from "vitest";

import { BROWSER_PATH } from "./browser.js";
import { usePage } from "./open-page.js";
import { ORDER_TRACE_ID, envelopeOf, envelopeText, orderItems } from "./order.js";
import { ATTACK, luminanceOf, poisoned } from "./page-kit.js";
import { transactionOf } from "../cli/trace-kit.js";

// Programs for the page: its globals are not those of this one.
const FOCUSED = `document.activeElement?.querySelector(".text, .name")?.textContent ?? ""`;
const COLOURS = `(({ color, backgroundColor }) => [color, backgroundColor])(getComputedStyle(document.body))`;
const ATTEMPTS = `[() => (document.body.innerHTML = "<b>x</b>"), () => document.write("x")].map((attempt) => {
  try {
    return attempt();
  } catch (error) {
    return error.name;
  }
})`;

// Scroll containers of the header and of the page that hide something to their right.
const HIDDEN_PARTS = `[document.documentElement, ...document.querySelectorAll("header, nav, #side, #filters")]
  .filter((element) => element.scrollWidth > element.clientWidth)
  .map((element) => element.tagName)`;

describe.skipIf(BROWSER_PATH === undefined)("the inbox's page in a browser", () => {
  const open = usePage();

  it("explains how to send something, and shows the first trace when it arrives", async () => {
    await open.page.goto(open.server.url);
    await open.page.locator("#connection.live").waitFor();
    expect(await open.page.locator(".empty").textContent()).toContain(open.server.dsn);

    open.inbox.receive(
      envelopeOf([["transaction", transactionOf({ id: "r", name: "GET /", from: 1, to: 2 })]]),
    );

    await open.page.getByRole("option", { name: "ok: GET /" }).waitFor();
    expect(await open.page.locator(".title h2").textContent()).toBe("GET /");
  });

  it("shows the spans of the demo's order, nested, across its services", async () => {
    await open.openOrder();

    const rows = await open.page
      .locator(".row")
      .evaluateAll((elements) =>
        elements.map((row) => [
          Number(row.getAttribute("aria-level")),
          row.querySelector(".text")?.textContent,
        ]),
      );
    const detail = open.inbox.trace(ORDER_TRACE_ID);
    expect(rows).toHaveLength(detail?.spans.length ?? 0);
    expect(rows.slice(0, 2)).toEqual([
      [1, "POST /:tenant/checkout/:user"],
      [2, "middleware - jsonParser"],
    ]);
    const calls = rows.flatMap(([level, name], index) =>
      String(name).startsWith("GET http://") ? [[level, rows[index + 1]]] : [],
    );
    expect(calls).toEqual(Array.from({ length: 3 }, () => [6, [7, "GET /items/:sku"]]));
  });

  it("draws parallel spans below one another at the same time", async () => {
    await open.openOrder();

    const bars = open.page.locator(".row", { hasText: "look up" }).locator(".bar");
    const boxes = await Promise.all((await bars.all()).map((bar) => bar.boundingBox()));
    const [first, second, third] = boxes.map((box) => box ?? { x: 0, width: 0, y: 0 });
    expect(boxes).toHaveLength(3);
    const end = Math.min(...boxes.map((box) => (box?.x ?? 0) + (box?.width ?? 0)));
    for (const box of boxes) expect(box?.x).toBeLessThan(end);
    expect((first?.y ?? 0) < (second?.y ?? 0) && (second?.y ?? 0) < (third?.y ?? 0)).toBe(true);
  });

  it("shows the scope, the error's frames with source lines, and the log", async () => {
    await open.openOrder();

    const inspector = await open.page.locator(".inspector").innerText();
    expect(inspector).toMatch(/user\s+id\s+user-0/i);
    expect(inspector).toMatch(/tags\s+tenant\s+tenant-0/i);
    await open.page.getByText("Scope of this event").click();
    expect(await open.page.locator(".error .crumbs").innerText()).toMatch(/order: order-0 taken/);
    const error = await open.page.locator(".error").innerText();
    expect(error).toContain("Error: no discount for user-0");
    expect(error).toContain("Caused by TypeError: Cannot read properties of undefined");
    expect(error).toContain("/app/src/discount.js:14:11");
    expect(await open.page.locator(".error .source .at").first().innerText()).toContain(
      "throw new Error(`no discount for ${customer.id}`",
    );
    expect(await open.page.locator(".trace-main table").first().innerText()).toContain(
      "order priced",
    );
  });

  it("lists errors, logs, check-ins, metrics and drops in views of their own", async () => {
    await open.openOrder();
    const textOf = async (key: string): Promise<string> => {
      await open.page.keyboard.press(key);
      await open.page.locator("#table .card").first().waitFor();
      return open.page.locator("#table").innerText();
    };

    await open.page.keyboard.press("2");
    expect(await open.page.locator("#list").innerText()).toContain("gateway · src/discount.js:14");
    await open.page.keyboard.press("3");
    await open.page.locator("#table", { hasText: "order priced" }).waitFor();
    await open.page.keyboard.press("4");
    await open.page.locator("#table", { hasText: "0 3 * * *" }).waitFor();
    await open.page.keyboard.press("5");
    await open.page.locator("#table", { hasText: "orders" }).waitFor();
    await open.page.keyboard.press("6");
    await open.page.locator("#table", { hasText: "ratelimit_backoff" }).waitFor();
    expect(await textOf("6")).toContain("120");
  });

  it("filters by text, service and status", async () => {
    const failed = {
      ...transactionOf({ id: "f", name: "GET /broken", from: 5, to: 6 }, [], "f".repeat(32)),
    };
    const contexts = { trace: { ...failed.contexts.trace, status: "internal_error" } };
    open.inbox.receive(
      envelopeOf([["transaction", { ...failed, contexts, server_name: "billing" }]]),
    );
    await open.openOrder();
    const names = (): Promise<string[]> => open.page.locator("#list .name").allTextContents();

    expect(await names()).toEqual(["POST /:tenant/checkout/:user", "GET /broken"]);
    await open.page.keyboard.press("/");
    await open.page.keyboard.type("tenant=tenant-0 select");
    expect(await names()).toEqual(["POST /:tenant/checkout/:user"]);
    await open.page.locator("#filter-text").fill("nowhere");
    expect(await names()).toEqual([]);
    expect(await open.page.locator("#list-note").textContent()).toBe("Nothing matches the filter.");
    await open.page.locator("#filter-text").fill("");
    await open.page.locator("#filter-service").selectOption("billing");
    expect(await names()).toEqual(["GET /broken"]);
    await open.page.locator("#filter-status").selectOption("ok");
    expect(await names()).toEqual([]);
  });

  it("is used with the keyboard alone", async () => {
    open.inbox.receive(
      envelopeOf([
        [
          "transaction",
          transactionOf({ id: "n", name: "GET /old", from: 1, to: 2 }, [], "e".repeat(32)),
        ],
      ]),
    );
    await open.openOrder();
    const title = (): Promise<string | null> => open.page.locator(".title h2").textContent();
    const focused = (): Promise<string> => open.page.evaluate(FOCUSED);

    await open.page.keyboard.press("j");
    await open.page.keyboard.press("ArrowDown");
    await open.page.locator(".title", { hasText: "GET /old" }).waitFor();
    await open.page.keyboard.press("k");
    await open.page.locator(".title", { hasText: "POST" }).waitFor();
    expect(await title()).toBe("POST /:tenant/checkout/:user");
    await open.page.keyboard.press("Enter");
    await open.page.keyboard.press("ArrowDown");
    expect(await focused()).toBe("middleware - jsonParser");
    expect(await open.page.locator(".inspector h2").textContent()).toBe("middleware - jsonParser");
    await open.page.keyboard.press("ArrowLeft");
    await open.page.keyboard.press("ArrowLeft");
    expect(await open.page.locator(".row:visible").count()).toBe(1);
    await open.page.keyboard.press("ArrowRight");
    expect(await open.page.locator(".row:visible").count()).toBeGreaterThan(10);
    await open.page.keyboard.press("Escape");
    expect(await focused()).toBe("POST /:tenant/checkout/:user");
    await open.page.keyboard.press("?");
    expect(await open.page.locator("#help").isVisible()).toBe(true);
    await open.page.keyboard.press("Escape");
    expect(await open.page.locator("#help").isVisible()).toBe(false);
  });

  it("runs nothing that came over the wire, whatever field it came in", async () => {
    for (const items of orderItems()) {
      open.inbox.receive(
        envelopeOf(items.map(([type, payload]) => [type, poisoned(payload)] as const)),
      );
    }
    open.inbox.receive(
      envelopeOf([
        [ATTACK, {}],
        ["event", { event_id: ATTACK, message: ATTACK }],
      ]),
    );
    open.inbox.refuse(ATTACK);
    await open.page.goto(open.server.url);
    await open.page.locator(".title").first().waitFor();

    for (const key of ["2", "3", "4", "5", "6", "1"]) {
      await open.page.keyboard.press(key);
      await open.page.locator(`nav button:nth-child(${key})[aria-current=page]`).waitFor();
    }
    await open.page.locator("#list .entry").last().click();
    await open.page.locator(".error").first().waitFor();

    expect(await open.page.evaluate("'hacked' in window")).toBe(false);
    expect(await open.page.locator("img, script:not([type=module])").count()).toBe(0);
    expect(await open.page.content()).not.toContain("\u{202E}");
    expect(await open.page.locator(".error").first().innerText()).toContain("<img src=x onerror=");
  });

  it("would not run a mistake of its own: text cannot become markup", async () => {
    await open.page.goto(open.server.url);

    const refusals = await open.page.evaluate(ATTEMPTS);

    expect(refusals).toEqual(["TypeError", "TypeError"]);
    open.faults.length = 0;
  });

  it.each(["light", "dark"] as const)("is readable in the %s scheme", async (colorScheme) => {
    await open.page.emulateMedia({ colorScheme });
    await open.openOrder();

    const colours = await open.page.evaluate<[string, string]>(COLOURS);
    const [lighter = 0, darker = 0] = colours.map(luminanceOf).toSorted((a, b) => b - a);
    const contrast = (lighter + 0.05) / (darker + 0.05);

    expect(contrast).toBeGreaterThan(7);
  });

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
