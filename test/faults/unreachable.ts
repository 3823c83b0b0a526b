import { spawn } from "node:child_process";
import { once } from "node:events";
import { connect } from "node:net";
import { setTimeout as delay } from "node:timers/promises";

import { afterAll } from "vitest";

// It listens, accepts nothing, and its queue is short.
const PROGRAM = `
const server = require("node:net").createServer();
server.listen({ port: 0, host: "127.0.0.1", backlog: 1 }, () => {
  require("node:fs").writeSync(1, String(server.address().port));
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);
});
`;

const QUEUE = 8;
const SETTLE_MILLIS = 100;

let shared: Promise<string> | undefined;
const closers: (() => void)[] = [];
afterAll(() => closers.forEach((close) => close()));

/**
 * A DSN to which no connection comes about: the system does not answer, as behind a firewall that
 * drops packets. All tests of a file share it.
 */
export function unreachableDsn(): Promise<string> {
  return (shared ??= startUnreachable());
}

async function startUnreachable(): Promise<string> {
  const child = spawn(process.execPath, ["-e", PROGRAM], { stdio: ["ignore", "pipe", "inherit"] });
  closers.push(() => void child.kill("SIGKILL"));
  const [chunk] = (await once(child.stdout, "data")) as [Buffer];
  const port = Number(chunk.toString());
  const sockets = Array.from({ length: QUEUE }, () => connect(port, "127.0.0.1"));
  for (const socket of sockets) {
    closers.push(() => void socket.destroy());
    socket.on("error", () => {});
  }
  // Some of them are connected, and wait to be accepted; the others fill the queue.
  await delay(SETTLE_MILLIS);
  return `http://0123456789abcdef0123456789abcdef@127.0.0.1:${port}/1`;
}
