// Takes docs/inbox.svg: the demo's orders on the inbox's page. Needs Chromium: /usr/bin/chromium, or its path in CHROMIUM.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { statSync, writeFileSync } from "node:fs";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";

import { chromium } from "playwright-core";

import { pageSvg } from "./page-svg.mjs";

const MAX_BYTES = 10_000;
// The header, the list and the waterfall, without the details of a span.
const SIZE = { width: 1070, height: 540 };
const root = fileURLToPath(new URL("..", import.meta.url));
const picture = `${root}docs/inbox.svg`;

const inbox = spawn(process.execPath, ["dist/cli.cjs", "inbox", "--port", "0"], {
  cwd: root,
  stdio: ["ignore", "pipe", "inherit"],
});
try {
  const { page, dsn } = await addressesOf(inbox);
  await run("examples/shop/main.mjs", "--requests", "6", "--dsn", dsn);
  await run("dist/cli.cjs", "send-test", "--dsn", dsn);
  await take(page);
  const { size } = statSync(picture);
  if (size > MAX_BYTES) throw new Error(`the picture has ${size} bytes, over ${MAX_BYTES}`);
} finally {
  inbox.kill("SIGTERM");
}

async function addressesOf({ stdout }) {
  let page = "";
  for await (const line of createInterface(stdout)) {
    page ||= /^Page: +(\S+)/.exec(line)?.[1] ?? "";
    const dsn = /SENTRY_DSN=(\S+)/.exec(line)?.[1];
    if (dsn !== undefined) {
      stdout.resume();
      return { page, dsn };
    }
  }
  throw new Error("the inbox did not start");
}

async function run(...args) {
  const child = spawn(process.execPath, args, { cwd: root, stdio: "ignore" });
  const [code] = await once(child, "exit");
  if (code !== 0) throw new Error(`${args[0]} ended with exit code ${code}`);
}

async function take(url) {
  const executablePath = process.env.CHROMIUM ?? "/usr/bin/chromium";
  const browser = await chromium.launch({
    executablePath,
    args: ["--no-sandbox", "--disable-lcd-text"],
  });
  try {
    const page = await browser.newPage({ viewport: { width: 1440, height: 810 } });
    await page.goto(url);
    await page.locator(".entry .name", { hasText: "checkout" }).first().click();
    await page.locator(".title", { hasText: "checkout" }).waitFor();
    // What is below the other two calls is collapsed, so that all three are in the picture.
    const requests = page.locator(".row", { has: page.getByText("request", { exact: true }) });
    for (const index of [1, 2]) await requests.nth(index).locator(".toggle").click();
    await page.locator(".row", { hasText: "SELECT" }).first().click();
    await page.evaluate("document.querySelector('#detail').scrollTop = 0");
    await page.mouse.move(0, 0);
    writeFileSync(picture, await pageSvg(page, SIZE));
  } finally {
    await browser.close();
  }
}
