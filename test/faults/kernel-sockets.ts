import { readFileSync } from "node:fs";

/** One TCP connection as the kernel sees it. */
export interface KernelSocket {
  readonly localPort: number;
  readonly remotePort: number;
  /** As in `/proc/net/tcp`: 1 established, 4 and 5 FIN sent, 6 time-wait, 8 close-wait. */
  readonly state: number;
  /** Which timer runs: 0 none, 1 retransmission, 2 keep-alive, 3 time-wait, 4 window probe. */
  readonly timer: number;
  readonly timerMillis: number;
}

const ESTABLISHED = 1;
const CLOSE_WAIT = 8;

// The kernel counts in hundredths of a second here.
const MILLIS_PER_TICK = 10;

/** Connections of this machine to a port on it: the ends of the clients. Linux only. */
export function socketsTo(port: number): KernelSocket[] {
  return readFileSync("/proc/net/tcp", "latin1")
    .split("\n")
    .slice(1)
    .filter((line) => line.trim() !== "")
    .map(parseLine)
    .filter(({ remotePort }) => remotePort === port);
}

/** Those that a client still holds open. */
export function heldSocketsTo(port: number): KernelSocket[] {
  return socketsTo(port).filter(({ state }) => state === ESTABLISHED || state === CLOSE_WAIT);
}

function parseLine(line: string): KernelSocket {
  const [, local = "", remote = "", state = "", , timer = ""] = line.trim().split(/\s+/u);
  const [kind = "", when = ""] = timer.split(":");
  return {
    localPort: portOf(local),
    remotePort: portOf(remote),
    state: Number.parseInt(state, 16),
    timer: Number.parseInt(kind, 16),
    timerMillis: Number.parseInt(when, 16) * MILLIS_PER_TICK,
  };
}

function portOf(address: string): number {
  return Number.parseInt(address.split(":")[1] ?? "", 16);
}
