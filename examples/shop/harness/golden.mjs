import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";

import { normalise } from "./normalise.mjs";

/**
 * Writes what the first order became, one file per transaction, with all that differs between runs
 * taken out.
 *
 * @param {string} folder
 * @param {import("./received.mjs").Received} received
 */
export async function writeGolden(folder, received) {
  await mkdir(folder, { recursive: true });
  const files = Object.entries(pick(received)).map(([name, root]) =>
    writeFile(
      join(folder, `${name}.json`),
      `${JSON.stringify(normalise(root, received), null, 2)}\n`,
    ),
  );
  await Promise.all(files);
}

function pick(received) {
  const gateway = received.checkouts().find(({ data }) => data["url.path"].endsWith("/user-0"));
  const inventory = received
    .upstream()
    .find(
      ({ data, traceId }) => traceId === gateway.traceId && data["url.path"] === "/items/sku-1",
    );
  const job = received.jobs().find(({ data }) => data["job.user"] === "user-0");
  return { gateway, inventory, job };
}
