import { fork } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";

const STOP_MILLIS = 15_000;

/**
 * Starts a module as a process of its own and waits until it listens.
 *
 * @param {string} file relative to this folder
 * @param {Record<string, string>} env
 * @param {string[]} execArgv
 * @returns {Promise<{ port: number, stop(): Promise<object | undefined>, kill(): void }>}
 */
export async function startChild(file, env = {}, execArgv = []) {
  const child = fork(pathOf(file), { env: { ...process.env, ...env }, execArgv });
  const exited = once(child, "exit");
  const messages = [];
  child.on("message", (message) => messages.push(message));
  await Promise.race([once(child, "message"), exited.then(() => fail(file, child))]);
  const [{ port }] = messages;
  const stop = () => stopped({ child, exited, messages, file });
  return { port, stop, kill: () => child.kill("SIGKILL") };
}

// Says stop and waits for the process to end by itself: nothing in it may keep it alive.
async function stopped({ child, exited, messages, file }) {
  const timer = setTimeout(() => child.kill("SIGKILL"), STOP_MILLIS);
  if (child.connected) child.send("stop");
  const [code] = await exited;
  clearTimeout(timer);
  if (code !== 0) fail(file, child);
  return messages.at(-1).stats;
}

function fail(file, { exitCode, signalCode }) {
  throw new Error(`${file} ended with ${signalCode ?? `code ${exitCode}`}`);
}

export function pathOf(file) {
  return fileURLToPath(new URL(file, import.meta.url));
}
