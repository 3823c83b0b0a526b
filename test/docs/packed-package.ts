import { join } from "node:path";

import { builtPackage } from "../package/built-package.js";

/** The tarball that `npm publish` would upload. */
export interface PackedPackage {
  readonly tarball: string;
  /** What is in it, unpacked. */
  readonly directory: string;
}

/** The package as it is built from the present sources, packed. */
export function packedPackage(): PackedPackage {
  const folder = join(builtPackage(), "packed");
  return { tarball: join(folder, "otel-sentry-bridge.tgz"), directory: join(folder, "package") };
}
