import { join } from "node:path";

import type { Browser, Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, beforeEach } from "vitest";

import { startInboxServer } from "../../src/inbox/inbox-server.js";
import type { InboxServer } from "../../src/inbox/inbox-server.js";
import { Inbox } from "../../src/inbox/inbox.js";
import { readPage } from "../../src/inbox/page-file.js";
import { builtPackage } from "../package/built-package.js";
import { launchBrowser } from "./browser.js";
import { envelopeOf, orderItems } from "./order.js";

/** An inbox, its server, and a tab of a browser, anew for each test. */
export interface OpenPage {
  readonly inbox: Inbox;
  readonly server: InboxServer;
  readonly page: Page;
  /** What the page wrote to its console as errors, and the addresses that it asked. A test may empty them. */
  readonly faults: string[];
  readonly requests: string[];
  /** Receives one order of the demo, and shows it. */
  openOrder(): Promise<void>;
}

/** Prepares the page of the built package for the tests around the call. Each of them fails if the page has errors, or asks other servers. */
export function usePage(): OpenPage {
  let browser: Browser;
  let inbox: Inbox;
  let server: InboxServer;
  let page: Page;
  const faults: string[] = [];
  const requests: string[] = [];

  // One tab for all tests: one for each takes half a second of CPU time more.
  beforeAll(async () => {
    browser = await launchBrowser();
    page = await browser.newPage();
    page.on("console", (message) => {
      if (message.type() === "error") faults.push(message.text());
    });
    page.on("pageerror", (error) => faults.push(error.message));
    page.on("request", (request) => requests.push(request.url()));
  });
  afterAll(() => browser.close());
  beforeEach(async () => {
    inbox = new Inbox();
    // Of another origin than the last, and so with a storage of its own.
    server = await startInboxServer(inbox, 0, readPage(join(builtPackage(), "dist/page")));
    await page.setViewportSize({ width: 1440, height: 900 });
    await page.emulateMedia({ colorScheme: null });
    faults.length = 0;
    requests.length = 0;
  });
  afterEach(async () => {
    await page.goto("about:blank");
    await server.close();
    const foreign = requests.filter((url) => !url.startsWith(server.url) && url !== "about:blank");
    const found = [...faults, ...foreign].join("\n");
    if (found !== "") throw new Error(`the page has errors, or asks other servers: ${found}`);
  });

  return {
    get inbox() {
      return inbox;
    },
    get server() {
      return server;
    },
    get page() {
      return page;
    },
    faults,
    requests,
    async openOrder() {
      for (const items of orderItems()) inbox.receive(envelopeOf(items));
      await page.goto(server.url);
      await page.locator(".row").first().waitFor();
    },
  };
}
