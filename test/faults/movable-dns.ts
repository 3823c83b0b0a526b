import dns from "node:dns";

import { onTestFinished, vi } from "vitest";

/** What a name resolves to: addresses, or the code of a failure. */
export type Resolution = readonly string[] | "EAI_AGAIN" | "ENOTFOUND";

/** A name service that a test controls. */
export interface MovableDns {
  /** Lookups of the name so far. */
  readonly lookups: number;
  answer(resolution: Resolution): void;
}

interface LookupOptions {
  readonly all?: boolean;
}

type LookupCallback = (
  error: Error | null,
  found?: string | readonly { address: string; family: number }[],
  family?: number,
) => void;

/** Answers lookups of one name in this process, for the length of the test; others go to the system. */
export function movableDns(name: string, first: Resolution): MovableDns {
  const system = dns.lookup;
  let current = first;
  let lookups = 0;
  // `net` looks the function up in the module at each use.
  const lookup = (host: string, options: LookupOptions, done: LookupCallback): void => {
    if (host !== name) return void Reflect.apply(system, dns, [host, options, done]);
    lookups += 1;
    const resolution = current;
    setImmediate(() => resolve({ host, resolution, isAll: options.all === true, done }));
  };
  const spy = vi.spyOn(dns, "lookup").mockImplementation(lookup as typeof dns.lookup);
  onTestFinished(() => spy.mockRestore());
  return {
    get lookups() {
      return lookups;
    },
    answer: (resolution) => void (current = resolution),
  };
}

interface Lookup {
  readonly host: string;
  readonly resolution: Resolution;
  readonly isAll: boolean;
  readonly done: LookupCallback;
}

function resolve({ host, resolution, isAll, done }: Lookup): void {
  if (typeof resolution === "string") {
    const error = new Error(`getaddrinfo ${resolution} ${host}`);
    return done(Object.assign(error, { code: resolution, syscall: "getaddrinfo", hostname: host }));
  }
  const found = resolution.map((address) => ({ address, family: 4 }));
  if (isAll) done(null, found);
  else done(null, found[0]?.address, 4);
}
