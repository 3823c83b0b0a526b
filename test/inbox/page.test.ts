import { describe, expect, it } from "vitest";

import { BROWSER_PATH } from "./browser.js";
import { usePage } from "./open-page.js";
import { ORDER_TRACE_ID, envelopeOf, orderItems } from "./order.js";
import { transactionOf } from "../cli/trace-kit.js";

const ATTACK = `<img src=x onerror="window.hacked=1"><script>window.hacked=1</script>\u{202E}javascript:alert(1)`;

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

// WCAG 2.2, relative luminance of `rgb(r, g, b)`.
function luminanceOf(colour: string): number {
  const [r = 0, g = 0, b = 0] = (colour.match(/[\d.]+/g) ?? []).map((part) => {
    const share = Number(part) / 255;
    return share <= 0.03928 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
}

// Puts the attack into every text of a payload, under every key but those that make it what it is.
function poisoned(value: unknown): unknown {
  if (typeof value === "string") return ATTACK + value;
  if (Array.isArray(value)) return value.map(poisoned);
  if (typeof value !== "object" || value === null) return value;
  const fields = Object.entries(value).map(([key, field]) =>
    ["type", "trace_id", "span_id", "parent_span_id"].includes(key)
      ? [key, field]
      : [key, poisoned(field)],
  );
  return { ...Object.fromEntries(fields), [ATTACK]: ATTACK };
}

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
});
