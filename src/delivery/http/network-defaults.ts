import type { getDefaultResultOrder } from "node:dns";
import type { SecureVersion } from "node:tls";
import { nodeNet } from "../../support/built-ins.js";

/** Defaults of Node that decide how connections are made. Flags and the application set them, for each thread on its own. */
export interface NetworkDefaults {
  readonly resultOrder: ReturnType<typeof getDefaultResultOrder>;
  readonly autoSelectFamily: boolean;
  readonly tlsVersions: readonly [min: SecureVersion, max: SecureVersion] | undefined;
}

/** Returns the defaults of this thread. Those of TLS are read only for a secure server, because TLS is loaded late. */
export function networkDefaults(isSecure: boolean): NetworkDefaults {
  const tls = isSecure ? process.getBuiltinModule("node:tls") : undefined;
  return {
    resultOrder: process.getBuiltinModule("node:dns").getDefaultResultOrder(),
    autoSelectFamily: nodeNet().getDefaultAutoSelectFamily(),
    tlsVersions: tls && [tls.DEFAULT_MIN_VERSION, tls.DEFAULT_MAX_VERSION],
  };
}

/** Gives this thread the defaults of another one. */
export function applyNetworkDefaults(defaults: NetworkDefaults): void {
  process.getBuiltinModule("node:dns").setDefaultResultOrder(defaults.resultOrder);
  nodeNet().setDefaultAutoSelectFamily(defaults.autoSelectFamily);
  if (defaults.tlsVersions === undefined) return;
  const tls = process.getBuiltinModule("node:tls");
  [tls.DEFAULT_MIN_VERSION, tls.DEFAULT_MAX_VERSION] = defaults.tlsVersions;
}
