import { fork } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";

const MAIN = fileURLToPath(new URL("../../test/faults/server/main.mjs", import.meta.url));
const PUBLIC_KEY = "0123456789abcdef0123456789abcdef";

/** @typedef {Awaited<ReturnType<typeof startFaultServer>>} FaultServer */

/**
 * Starts the server of the fault matrix in a process of its own. Its calls are those of
 * `test/faults/server-protocol.ts`.
 */
export async function startFaultServer() {
  const child = fork(MAIN, {
    execArgv: [],
    env: {},
    stdio: ["ignore", "inherit", "inherit", "ipc"],
  });
  const call = callsTo(child);
  // Also when it is stopped, and hears of nothing else.
  const kill = () => void child.kill("SIGKILL");
  process.once("exit", kill);
  const { port } = await call("start", {});
  return {
    port,
    dsn: `http://${PUBLIC_KEY}@127.0.0.1:${port}/1`,
    call,
    pause: () => void child.kill("SIGSTOP"),
    resume: () => void child.kill("SIGCONT"),
    async close() {
      process.off("exit", kill);
      if (child.exitCode !== null || child.signalCode !== null) return;
      const exited = once(child, "exit");
      kill();
      await exited;
    },
  };
}

function callsTo(child) {
  const pending = new Map();
  let calls = 0;
  child.on("message", ({ id, result, error }) => {
    const { resolve, reject } = pending.get(id);
    pending.delete(id);
    if (error === undefined) resolve(result);
    else reject(new Error(error));
  });
  child.on("exit", (code, signal) => {
    const error = new Error(`the server process ended with ${code ?? signal}`);
    for (const { reject } of pending.values()) reject(error);
  });
  return (call, argument) =>
    new Promise((resolve, reject) => {
      const id = (calls += 1);
      pending.set(id, { resolve, reject });
      child.send({ id, call, argument });
    });
}
