// Where every copy of `@opentelemetry/api` 1.x keeps what is registered for the process. Read only:
// the API itself tells neither "nothing is registered" nor "registered by a copy that I cannot use".
const REGISTRY = Symbol.for("opentelemetry.js.api.1");

interface ApiRegistry {
  readonly version?: string;
  readonly trace?: unknown;
  readonly context?: unknown;
  readonly propagation?: unknown;
}

/** A part of OpenTelemetry that is registered once per process. */
export type GlobalPart = "context" | "propagation" | "trace";

/** Whether somebody has registered the part, through whichever copy of the API. */
export function isRegistered(part: GlobalPart): boolean {
  return registry()?.[part] !== undefined;
}

/** Version of the copy of `@opentelemetry/api` that registered first: all others must be the same. */
export function registeredVersion(): string {
  return registry()?.version ?? "of an unknown version";
}

function registry(): ApiRegistry | undefined {
  return (globalThis as { [REGISTRY]?: ApiRegistry })[REGISTRY];
}
