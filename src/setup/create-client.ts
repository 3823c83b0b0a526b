import type { Client } from "../client/public-client.js";
import { getClient, setClient } from "../context/global-client.js";
import type { ClientOptions } from "../options/options.js";
import { blamingCallerOf } from "../protocol/errors.js";
import { isBridgeClient } from "./bridge-client.js";
import type { BridgeClient } from "./bridge-client.js";
import { buildClient } from "./build-client.js";
import { checkDestination } from "./destination-check.js";

/**
 * Creates a client. The first client becomes the process-wide client until it is closed. Throws an `OptionsError` that
 * names the option if one is invalid.
 */
export function createClient(options: ClientOptions = {}): BridgeClient {
  const client = blamingCallerOf(createClient, () => buildClient(options));
  checkDestination(options, client.core);
  const known = getClient();
  if (known === undefined || known.isClosed) setClient(client);
  return client;
}

/**
 * Returns the client, or creates one that is used only for its settings: it needs no DSN and never becomes the
 * process-wide client.
 */
export function settingsClientOf(optionsOrClient: Client | ClientOptions): BridgeClient {
  return isBridgeClient(optionsOrClient) ? optionsOrClient : buildClient(optionsOrClient);
}

/** Returns the client, or creates one from the options. */
export function clientOf(optionsOrClient: Client | ClientOptions | undefined): {
  client: BridgeClient;
  isNew: boolean;
} {
  if (isBridgeClient(optionsOrClient)) return { client: optionsOrClient, isNew: false };
  return { client: createClient(optionsOrClient), isNew: true };
}
