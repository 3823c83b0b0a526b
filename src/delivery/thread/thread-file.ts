import { join } from "node:path";

/**
 * Returns the path of the sender thread's program, which is beside this file in the package. Throws where a bundler has
 * made an ES module of the package: `__dirname`, which the build puts here, does not exist there.
 */
export function threadFile(): string {
  return join(import.meta.dirname, "sender-thread.cjs");
}
