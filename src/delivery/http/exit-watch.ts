import type { Timers } from "../../support/time.js";
import type { LookupFunction, Socket } from "node:net";

/** Dependencies of `ExitWatch`. */
interface ExitWatchSettings {
  readonly timers: Timers;
  /** Tells whether a connect or write on one of the connections is pending. */
  readonly isBusy: () => boolean;
  /** Called to abort what is pending. */
  readonly onBlockingExit: () => void;
  /** Tells whether nothing else keeps the process alive; default: by Node's list of active resources. */
  readonly isBlockingExit?: (() => boolean) | undefined;
}

const LOOK_MILLIS = 500;

/**
 * Detects that only our pending connects or writes keep the process alive. `unref` is not enough: while the server is
 * unreachable, the next attempt starts before the last one ends, so a program with nothing else to do would never exit.
 * A pending `flush()` has a timer, which counts as something else.
 */
export class ExitWatch {
  readonly #settings: ExitWatchSettings;
  readonly #isBlockingExit: () => boolean;
  #wasBlockingExit = false;
  #cancel: (() => void) | undefined;

  constructor(settings: ExitWatchSettings) {
    this.#settings = settings;
    this.#isBlockingExit = settings.isBlockingExit ?? isBlockedByOwnRequestsOnly;
  }

  /** Tells whether another connect or write may be started. Must be called before each. */
  mayStart(): boolean {
    this.#wasBlockingExit &&= this.#isBlockingExit();
    if (!this.#wasBlockingExit) this.#watch();
    return !this.#wasBlockingExit;
  }

  stop(): void {
    this.#cancel?.();
    this.#cancel = undefined;
  }

  #watch(): void {
    this.#cancel ??= this.#settings.timers.inBackground(LOOK_MILLIS, () => this.#look());
  }

  #look(): void {
    this.#cancel = undefined;
    if (!this.#settings.isBusy()) return;
    this.#wasBlockingExit = this.#isBlockingExit();
    if (this.#wasBlockingExit) this.#settings.onBlockingExit();
    else this.#watch();
  }
}

// Shared by all transports of the process, so that they do not keep each other alive.
const sockets = new Set<Socket>();
let lookups = 0;

type Kind = "connect" | "lookup" | "output" | "write";

// Kinds of resources, by their names in `process.getActiveResourcesInfo`.
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
 * Tracks a socket of a transport. An unreferenced socket does not keep the process alive, but its pending connect or
 * write does.
 */
export function trackSocket(socket: Socket): void {
  sockets.add(socket);
  socket.once("close", () => sockets.delete(socket));
}

/** `dns.lookup`, counted while it is pending, since it cannot be cancelled. */
export const trackedLookup: LookupFunction = (hostname, options, callback) => {
  lookups += 1;
  process.getBuiltinModule("node:dns").lookup(hostname, options, (...found) => {
    lookups -= 1;
    callback(...found);
  });
};

/**
 * Tells whether only pending requests of transports keep the process alive. A resource of an unknown kind counts as the
 * application's.
 */
export function isBlockedByOwnRequestsOnly(): boolean {
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

// Standard output and error are listed as resources once they have been used, although they do not keep the process
// alive. `process.stdout` is not read here, since reading it would open it.
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
