// Set-up of test files: sources that run in the test's own process start the thread's program of the built package.
import { join } from "node:path";

import { vi } from "vitest";

import { builtPackage } from "../package/built-package.js";

vi.mock("../../src/delivery/thread/thread-file.js", () => ({
  threadFile: () => join(builtPackage(), "dist/sender-thread.cjs"),
}));
