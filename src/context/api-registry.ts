import { isUnbundled, requireFinding } from "../support/own-file.js";

// Where every copy of `@opentelemetry/api` 1.x keeps what is registered for the process. Read only: the API itself
// cannot tell "nothing is registered" from "registered by a copy that this one does not accept".
const REGISTRY = Symbol.for("opentelemetry.js.api.1");

interface ApiRegistry {
  readonly version?: string;
  readonly trace?: unknown;
  readonly context?: unknown;
  readonly propagation?: unknown;
}

/** A part of OpenTelemetry that is registered once per process. */
export type GlobalPart = "context" | "propagation" | "trace";

/** Tells whether the part was registered, through whichever copy of the API. */
export function isRegistered(part: GlobalPart): boolean {
  return registry()?.[part] !== undefined;
}

/** Version of the copy of `@opentelemetry/api` that registered first; only copies of that version can register more. */
export function registeredVersion(): string {
  return registry()?.version ?? "of an unknown version";
}

/**
 * Version of the copy of `@opentelemetry/api` that this package uses; undefined where it cannot be read, as in a
 * bundle. The API does not export it.
 */
export function ownApiVersion(): string | undefined {
  try {
    const require = isUnbundled() ? requireFinding("@opentelemetry/api") : undefined;
    if (require === undefined) return undefined;
    const { VERSION } = require(
      require.resolve("@opentelemetry/api").replace(/index\.js$/, "version.js"),
    );
    return typeof VERSION === "string" ? VERSION : undefined;
  } catch {
    return undefined;
  }
}

function registry(): ApiRegistry | undefined {
  return (globalThis as { [REGISTRY]?: ApiRegistry })[REGISTRY];
}
