import dns from "node:dns";
import type { LookupFunction, Socket } from "node:net";

// Of all transports of the process: two of them must not keep each other alive.
const sockets = new Set<Socket>();
let lookups = 0;

type Kind = "connect" | "lookup" | "output" | "write";

// By their names in `process.getActiveResourcesInfo`.
const KINDS: ReadonlyMap<string, Kind> = new Map([
  ["ConnectWrap", "connect"],
  ["GetAddrInfoReqWrap", "lookup"],
  ["PipeWrap", "output"],
  ["TTYWrap", "output"],
  ["SimpleWriteWrap", "write"],
  ["WriteWrap", "write"],
]);

const OUTPUTS: ReadonlySet<string> = new Set(["PipeWrap", "TTYWrap"]);

/**
 * Notes a socket whose requests to the system are the transport's own. `unref` ends that the socket
 * keeps the process alive, but not that a connect or a write does which the system has not finished.
 */
export function noteSocket(socket: Socket): void {
  sockets.add(socket);
  socket.once("close", () => sockets.delete(socket));
}

/** Node's own lookup, noted while it lasts: nothing can end it. */
export const notedLookup: LookupFunction = (hostname, options, callback) => {
  lookups += 1;
  dns.lookup(hostname, options, (...found) => {
    lookups -= 1;
    callback(...found);
  });
};

/**
 * Whether nothing keeps the process alive but what transports have asked of the system. What is not
 * known by its name counts as the application's.
 */
export function isKeptAliveByUsOnly(): boolean {
  const active = process.getActiveResourcesInfo();
  const own = { ...ownRequests(), output: outputs() };
  const others = active.filter((name) => !takeOne(own, KINDS.get(name)));
  return others.length === 0 && active.some((name) => KINDS.has(name) && !OUTPUTS.has(name));
}

function ownRequests(): Record<"connect" | "lookup" | "write", number> {
  let [connect, write] = [0, 0];
  for (const { connecting, writableLength } of sockets) {
    if (connecting) connect += 1;
    if (writableLength > 0) write += 1;
  }
  return { connect, write, lookup: lookups };
}

// Standard output and error are listed once they were used, but keep no process alive. They are not
// asked for by name: that would open them.
function outputs(): number {
  if (!("_getActiveHandles" in process)) return 0;
  const { _getActiveHandles: handles } = process;
  const found: unknown = typeof handles === "function" ? handles.call(process) : [];
  return Array.isArray(found) ? found.filter(isOutput).length : 0;
}

function isOutput(handle: unknown): boolean {
  if (typeof handle !== "object" || handle === null || !("fd" in handle)) return false;
  return handle.fd === 1 || handle.fd === 2;
}

function takeOne(own: Record<Kind, number>, kind: Kind | undefined): boolean {
  if (kind === undefined) return false;
  own[kind] -= 1;
  return own[kind] >= 0;
}
