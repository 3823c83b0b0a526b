import { fork } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";

import { describe, onTestFinished } from "vitest";

import type {
  CallMessage,
  CallName,
  FaultScript,
  FaultServerCalls,
  FaultServerOptions,
  ReplyMessage,
  RestartOptions,
  SeenEvent,
  ServerReport,
} from "./server-protocol.js";
import { waitFor } from "../time/wait-for.js";

/** An ingest server in another process that does what its script says. */
export interface FaultServer {
  readonly dsn: string;
  readonly host: string;
  readonly port: number;
  /** Replaces the script, and the numbers of connections and requests begin anew. */
  script(script: FaultScript): Promise<void>;
  report(): Promise<ServerReport>;
  /** What became of each event id. */
  events(): Promise<Record<string, SeenEvent>>;
  /** When requests began, in milliseconds on the monotonic clock of the machine. */
  arrivals(): Promise<number[]>;
  /** Resolves with the first report that holds. Rejects at the time-out, default 10 s, with the last one. */
  until(
    predicate: (report: ServerReport) => boolean,
    timeoutMillis?: number,
  ): Promise<ServerReport>;
  /** New connections are refused; those that are there stay. */
  stopListening(): Promise<void>;
  listen(): Promise<void>;
  /** RST for all connections, nobody listens for a while, then it listens on the same port; resolves then. */
  restart(options?: RestartOptions): Promise<void>;
  resetConnections(): Promise<void>;
  /** The present connections are neither read nor answered any more: a middle box has forgotten them. */
  freezeConnections(): Promise<void>;
  /** Stops its own process: the kernel goes on to accept connections and bytes, and nobody reads them. */
  pauseProcess(): void;
  resumeProcess(): void;
  /** Ends the server, and its process if that is its own. Idempotent. */
  close(): Promise<void>;
}

const PUBLIC_KEY = "0123456789abcdef0123456789abcdef";
const MAIN = fileURLToPath(new URL("./server/main.mjs", import.meta.url));
const DEFAULT_WAIT_MILLIS = 10_000;

/** A suite of tests for one row of the fault matrix. */
export function describeRow(row: number, title: string, tests: () => void): void {
  describe(`D.8 row ${row}: ${title}`, () => {
    tests();
  });
}

/** Starts a server for the length of the test; resolves when it listens. */
export async function startFaultServer(options: FaultServerOptions = {}): Promise<FaultServer> {
  const { ownProcess = false, ...rest } = options;
  const host = ownProcess ? startProcess() : sharedProcess();
  const server = serverOf(options, await startIn(host, rest));
  onTestFinished(() => server.close());
  return server;
}

/** A server that listens, and the process that it is in. */
interface Running {
  readonly child: ChildProcess;
  readonly call: Call;
  readonly port: number;
}

interface ServerProcess {
  readonly child: ChildProcess;
  readonly send: SendCall;
  servers: number;
}

declare global {
  /** The process of the servers of this process's test files: to start one takes as much CPU time as most of the tests. */
  var faultServers: ServerProcess | undefined;
}

// It ends with the process of the test files.
function sharedProcess(): ServerProcess {
  if (globalThis.faultServers?.child.connected !== true) globalThis.faultServers = startProcess();
  return globalThis.faultServers;
}

function startProcess(): ServerProcess {
  const child = fork(MAIN, {
    execArgv: [],
    env: {},
    stdio: ["ignore", "inherit", "inherit", "ipc"],
  });
  child.unref();
  child.channel?.unref();
  return { child, send: callsTo(child), servers: 0 };
}

async function startIn(host: ServerProcess, options: FaultServerOptions): Promise<Running> {
  const server = (host.servers += 1);
  const call: Call = (name, argument) => host.send({ server, call: name, argument });
  const { port } = await call("start", options);
  return { child: host.child, call, port };
}

function serverOf(options: FaultServerOptions, { child, call, port }: Running): FaultServer {
  const host = options.host ?? "127.0.0.1";
  const scheme = options.tls === undefined ? "http" : "https";
  const report = (): Promise<ServerReport> => call("report", undefined);
  const signal = (name: NodeJS.Signals): void => {
    if (options.ownProcess !== true) throw new Error("other servers are in this process");
    child.kill(name);
  };
  let closed: Promise<void> | undefined;
  return {
    dsn: `${scheme}://${PUBLIC_KEY}@${host}:${port}/1`,
    host,
    port,
    report,
    until: (predicate, timeoutMillis = DEFAULT_WAIT_MILLIS) =>
      waitFor(report, { predicate, timeoutMillis }),
    script: (script) => call("script", script),
    events: () => call("events", undefined),
    arrivals: () => call("arrivals", undefined),
    stopListening: () => call("stopListening", undefined),
    listen: () => call("listen", undefined),
    restart: (restart = {}) => call("restart", restart),
    resetConnections: () => call("resetConnections", undefined),
    freezeConnections: () => call("freezeConnections", undefined),
    pauseProcess: () => signal("SIGSTOP"),
    resumeProcess: () => signal("SIGCONT"),
    close: () => (closed ??= options.ownProcess === true ? endOf(child) : call("end", undefined)),
  };
}

type Argument<K extends CallName> = Parameters<FaultServerCalls[K]>[0];
type Call = <K extends CallName>(
  name: K,
  argument: Argument<K>,
) => Promise<ReturnType<FaultServerCalls[K]>>;

type SendCall = <K extends CallName>(message: {
  readonly server: number;
  readonly call: K;
  readonly argument: Argument<K>;
}) => Promise<ReturnType<FaultServerCalls[K]>>;

interface Pending {
  readonly resolve: (value: never) => void;
  readonly reject: (error: Error) => void;
}

function callsTo(child: ChildProcess): SendCall {
  const pending = new Map<number, Pending>();
  let calls = 0;
  child.on("message", ({ id, result, error }: ReplyMessage) => {
    const { resolve, reject } = pending.get(id) ?? {};
    pending.delete(id);
    if (error === undefined) resolve?.(result as never);
    else reject?.(new Error(error));
  });
  child.on("exit", (code, signal) => {
    for (const { reject } of pending.values())
      reject(new Error(`the server process ended with ${code ?? signal}`));
  });
  return (message) =>
    new Promise((resolve, reject) => {
      const id = (calls += 1);
      pending.set(id, { resolve, reject });
      const sent: CallMessage = { id, ...message };
      child.send(sent);
    });
}

async function endOf(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exited = once(child, "exit");
  // It may be stopped, and then hears of nothing else.
  child.kill("SIGKILL");
  await exited;
}
