import { subscribe, unsubscribe } from "node:diagnostics_channel";
import type { Socket } from "node:net";

import { onTestFinished } from "vitest";

/** What this process does to get connections. */
export interface ConnectionAttempts {
  /** When attempts began, in milliseconds since the count began. Addresses that were tried each count. */
  readonly at: readonly number[];
  /** Names that were looked up, and what came of it: an address, or the code of an error. */
  readonly lookups: readonly (readonly [name: string, outcome: string])[];
}

type LookupEvent = [
  error: NodeJS.ErrnoException | null,
  address: string,
  family: number | string,
  host: string,
];

/** Counts TCP connection attempts of this process to a port, below all that the product counts itself. */
export function countConnectionAttempts(port: number): ConnectionAttempts {
  const start = performance.now();
  const at: number[] = [];
  const lookups: [string, string][] = [];
  const onSocket = (message: unknown): void => {
    const { socket } = message as { socket: Socket };
    socket.on("connectionAttempt", (_address: string, to: number) => {
      if (to === port) at.push(performance.now() - start);
    });
    socket.on("lookup", (...[error, address, , host]: LookupEvent) => {
      // An address is not looked up, and is told all the same.
      if (address !== host) lookups.push([host, error === null ? address : (error.code ?? "")]);
    });
  };
  subscribe("net.client.socket", onSocket);
  onTestFinished(() => void unsubscribe("net.client.socket", onSocket));
  return { at, lookups };
}
