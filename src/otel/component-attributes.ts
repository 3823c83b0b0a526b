import type { Settings } from "../options/options.js";
import { isTransport } from "../options/validate.js";
import { parseDsn } from "../protocol/dsn.js";

/** How a client is named in its metrics. */
export type ComponentAttributes = Readonly<Record<string, string | number>>;

const TYPE = "SentryClient";

// Under `Symbol.for`, so that two copies of the package do not give one name twice.
const SLOT = Symbol.for("otel-sentry-bridge.components.v1");

const carrier: typeof globalThis & { [SLOT]?: number } = globalThis;

/** The next client's name: its type, and the number of those before it in the process. */
export function nextComponent(): ComponentAttributes {
  const count = carrier[SLOT] ?? 0;
  carrier[SLOT] = count + 1;
  return { "otel.component.type": TYPE, "otel.component.name": `${TYPE}/${count}` };
}

/** The server that a client sends to; nothing where its transport is the application's own. */
export function serverAttributes({ dsn, tunnel, transport }: Settings): ComponentAttributes {
  if (isTransport(transport) || dsn === undefined) return {};
  const { protocol, host, port } = parseDsn(dsn);
  return addressOf(new URL(tunnel ?? `${protocol}://${host}${port === "" ? "" : `:${port}`}`));
}

function addressOf({ hostname, port, protocol }: URL): ComponentAttributes {
  const usual = protocol === "http:" ? 80 : 443;
  return {
    "server.address": hostname.replace(/^\[(.*)\]$/u, "$1"),
    "server.port": port === "" ? usual : Number(port),
  };
}
