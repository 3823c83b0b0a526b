import { join } from "node:path";

const SOURCES = join(import.meta.dirname, "../../src");

/** Returns the path of a file in `src/`. */
export function sourceFile(path) {
  return join(SOURCES, path);
}

/** The entries that share one implementation. */
export const ENTRIES = {
  index: sourceFile("index.ts"),
  register: sourceFile("register.ts"),
  testing: sourceFile("testing/testing.ts"),
  doctor: sourceFile("doctor/doctor.ts"),
  cli: sourceFile("cli/main.ts"),
  "sender-thread": sourceFile("delivery/thread/sender-thread.ts"),
};
