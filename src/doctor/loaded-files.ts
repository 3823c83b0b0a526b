import { join } from "node:path";
import { pathToFileURL } from "node:url";

import { attempt } from "../support/foreign.js";
import { requireFrom } from "../support/own-file.js";

/** Returns a function that tells whether this process has loaded a file of a directory; undefined if it is not known. */
export function loadedFiles(): (directory: string) => boolean | undefined {
  // Read once, and only if needed: it takes some tenths of a second in a large application.
  let scripts: readonly string[] | "unknown" | undefined;
  return (directory) => {
    const inside = join(directory, "/");
    if (Object.keys(requireFrom(inside).cache).some((path) => path.startsWith(inside))) return true;
    scripts ??= attempt<string[] | "unknown">(scriptAddresses, "unknown");
    const address = pathToFileURL(inside).href;
    return scripts === "unknown" ? undefined : scripts.some((each) => each.startsWith(address));
  };
}

// Node does not list the ES modules that it has loaded. Its debugger reports all scripts while it is being enabled.
function scriptAddresses(): string[] {
  const { Session } = process.getBuiltinModule("node:inspector");
  const session = new Session();
  const addresses: string[] = [];
  session.on("Debugger.scriptParsed", ({ params }) => addresses.push(params.url));
  session.connect();
  try {
    session.post("Debugger.enable");
  } finally {
    session.disconnect();
  }
  return addresses;
}
