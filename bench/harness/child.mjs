import { fork } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";

const pathOf = (file) => fileURLToPath(new URL(file, import.meta.url));

/** Starts the server that takes what a case sends. It answers after `latencyMillis`. */
export async function startSink({ latencyMillis = 0 } = {}) {
  const child = fork(pathOf("sink.mjs"), [String(latencyMillis)]);
  const [{ port }] = await once(child, "message");
  return {
    port,
    async counts() {
      child.send("counts");
      const [{ counts }] = await once(child, "message");
      return counts;
    },
    stop: () => child.disconnect(),
  };
}

/** Starts a case, which works only while an order of it runs. */
export async function startCase(subject, workload, env = {}) {
  const sink = await startSink();
  const args = [subject, workload, String(sink.port)];
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
    sink,
    order(order, details = {}) {
      child.send({ order, ...details });
      return answer();
    },
    stop() {
      child.send({ order: "stop" });
      return ended.catch(() => sink.stop());
    },
  };
}
