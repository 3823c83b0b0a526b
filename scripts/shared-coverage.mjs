// Measures coverage, as Vitest's V8 provider does, in the test files that share a process. The other files run at the same
// time without it: each of their processes would have to count and report again what its tests load.
import v8 from "@vitest/coverage-v8";

let isCounting = false;

export default {
  ...v8,
  async startCoverage(options) {
    if (options.isolate) return;
    isCounting = true;
    await v8.startCoverage(options);
  },
  async takeCoverage(options) {
    return isCounting ? v8.takeCoverage(options) : undefined;
  },
  async stopCoverage(options) {
    if (isCounting) await v8.stopCoverage(options);
  },
};
