import { accessSync, constants } from "node:fs";
import { delimiter, join } from "node:path";

import { chromium } from "playwright-core";
import type { Browser } from "playwright-core";

const NAMES = ["chromium", "chromium-browser", "google-chrome", "chrome"];

/** The browser of this machine: `CHROMIUM`, or one on the `PATH`. */
export const BROWSER_PATH: string | undefined = process.env["CHROMIUM"] ?? onPath(NAMES);

if (BROWSER_PATH === undefined)
  console.warn(
    "The inbox's page is not tested in a browser: there is none. Install chromium, or set CHROMIUM to its path.",
  );

/** Starts it without a window. As root, as in many CI systems, it has no sandbox. */
export function launchBrowser(): Promise<Browser> {
  return chromium.launch({ executablePath: BROWSER_PATH ?? "", args: ["--no-sandbox"] });
}

function onPath(names: readonly string[]): string | undefined {
  const folders = (process.env["PATH"] ?? "").split(delimiter);
  return folders.flatMap((folder) => names.map((name) => join(folder, name))).find(isExecutable);
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
