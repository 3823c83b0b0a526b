import type { Client } from "undici";

import { requireFinding } from "../../support/own-file.js";

// The package's main module would make itself the dispatcher of the process's `fetch`, and it takes
// three times as long to load.
const CLIENT = "undici/lib/dispatcher/client.js";

/**
 * Tells whether the HTTP client is installed where it can be required. It is not in most bundles, which contain it, or
 * should: only loading it tells whether it works there. Takes 0.1 ms, the first time 1 ms.
 */
export function isHttpClientInstalled(): boolean {
  return requireFinding(CLIENT) !== undefined;
}

/**
 * Loads undici's `Client`. An `import()` that has failed stays failed in Node's loader, also where the process was only
 * short of descriptors or memory, and bundlers may break it; `require` tries again. Rejects with the error of `import()`
 * where the client is not installed.
 */
export async function loadHttpClient(): Promise<typeof Client> {
  try {
    // Written out, so that bundlers find it.
    const { default: UndiciClient } = await import("undici/lib/dispatcher/client.js");
    return UndiciClient;
  } catch (error) {
    const require = requireFinding(CLIENT);
    if (require === undefined) throw error;
    return require(CLIENT);
  }
}
