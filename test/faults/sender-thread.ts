import type { ClientOptions } from "../../src/index.js";
import { isTransport } from "../../src/options/validate.js";

/** True if this run is about the sender thread: `SENDER_THREAD=1 npx vitest run test/faults`. */
export const THREAD: boolean = process.env["SENDER_THREAD"] === "1";

/** Adds the option `thread` in a run about it, unless the test decides itself. */
export function withThread<Options extends ClientOptions>(options: Options): Options {
  const { transport = {} } = options;
  if (!THREAD || isTransport(transport)) return options;
  return { ...options, transport: { thread: true, ...transport } };
}

/** For tests that look into the thread which sends: its resolver, its clock, its connection attempts. */
export const SENDS_HERE = { thread: false } as const;
