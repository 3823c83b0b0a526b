import { readFile } from "node:fs/promises";
import { join } from "node:path";

import { decodeFile, parseName } from "../../src/delivery/spool/file-format.js";
import { namesIn } from "../delivery/spool/spool-support.js";
import type { ClientAccounting } from "./accounted.js";
import type { Quantities } from "./server-protocol.js";

/** Event ids that wait in a spool, in the order in which they are to be sent. */
export async function waitingIds(directory: string): Promise<string[]> {
  const files = (await namesIn(directory)).map(parseName);
  return files
    .filter((file) => file?.state === "waiting")
    .map((file) => /([0-9a-f]{32})\.envelope$/.exec(file?.name ?? "")?.[1] ?? "");
}

/**
 * What is in a spool, whatever its state. A file of the same envelope that was still being written
 * when its process ended counts for nothing. A process that claims a file or lets go of it renames it meanwhile: then
 * everything is read again.
 */
export async function quantitiesOnDisk(directory: string): Promise<Quantities> {
  try {
    return await readQuantities(directory);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw error;
    return quantitiesOnDisk(directory);
  }
}

async function readQuantities(directory: string): Promise<Quantities> {
  const byBase = new Map<string, string>();
  // A waiting file comes before what has something appended to its name.
  for (const name of await namesIn(directory)) {
    const base = parseName(name)?.entry.base;
    if (base !== undefined && !byBase.has(base)) byBase.set(base, name);
  }
  const sums: Quantities = {};
  for (const name of byBase.values()) {
    const { contents } = decodeFile(await readFile(join(directory, name)));
    for (const { category, quantity } of contents)
      sums[category] = (sums[category] ?? 0) + quantity;
  }
  return sums;
}

/**
 * The accounting of processes that share a spool, as one: what one of them has put in and is not there any
 * more was delivered by another. With `isOver` they have ended, and what they still had is in the spool.
 */
export async function sharedBooks(
  accounting: readonly ClientAccounting[],
  { directory, isOver = false }: { directory: string; isOver?: boolean },
): Promise<ClientAccounting> {
  const spooled = await quantitiesOnDisk(directory);
  const all = (key: "captured" | "delivered" | "queued" | "spooled"): Quantities =>
    accounting.reduce((sums, each) => added(sums, each[key]), {} as Quantities);
  const queued = all("queued");
  const handedOver = added(added(all("spooled"), isOver ? queued : {}), spooled, -1);
  return {
    captured: all("captured"),
    delivered: added(all("delivered"), handedOver),
    queued: isOver ? {} : queued,
    spooled,
    // No two of them lose anything of one category.
    dropped: Object.assign({}, ...accounting.map(({ dropped }) => dropped)),
  };
}

function added(one: Quantities, other: Quantities, sign: -1 | 1 = 1): Quantities {
  const sums: Quantities = { ...one };
  for (const [category, quantity] of Object.entries(other) as [keyof Quantities, number][])
    sums[category] = (sums[category] ?? 0) + sign * quantity;
  return sums;
}
