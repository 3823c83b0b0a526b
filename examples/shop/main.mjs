import { runDemo } from "./harness/run-demo.mjs";
import { readOptions } from "./harness/options.mjs";

process.exitCode = (await runDemo(readOptions(process.argv.slice(2)))) ? 0 : 1;
