import { fork } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";

const pathOf = (file) => fileURLToPath(new URL(file, import.meta.url));

/**
 * Starts the server to which a case sends, in a process of its own. It answers after `latencyMillis`. `counts` are those since
 * the last `reset`.
 */
export async function startIngestServer({ latencyMillis = 0 } = {}) {
  const child = fork(pathOf("ingest-server.mjs"), [String(latencyMillis)]);
  const [{ port }] = await once(child, "message");
  return {
    port,
    async counts() {
      child.send("counts");
      const [{ counts }] = await once(child, "message");
      return counts;
    },
    reset: () => child.send("reset"),
    stop: () => child.disconnect(),
  };
}

/** Starts a case, which works only while an order of it runs. */
export async function startCase(subject, workload, env = {}) {
  const server = await startIngestServer();
  const args = [subject, workload, String(server.port)];
  const child = fork(pathOf("case.mjs"), args, {
    env: { ...process.env, ...env },
  });
  const ended = once(child, "exit").then(([code]) => {
    throw new Error(`${subject} under ${workload} ended with code ${code}`);
  });
  ended.catch(() => {});
  const answer = async () => (await Promise.race([once(child, "message"), ended]))[0].answer;
  const { url } = await answer();
  return {
    subject,
    url,
    server,
    order(order, details = {}) {
      child.send({ order, ...details });
      return answer();
    },
    stop() {
      child.send({ order: "stop" });
      return ended.catch(() => server.stop());
    },
  };
}
