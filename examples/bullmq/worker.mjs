// worker.mjs
import { Worker } from "bullmq";
import { captureHandlerError, setUser } from "otel-sentry-bridge";

/** Each job is a unit of work: a user that is set here stays here. */
export function startWorker(options) {
  return new Worker("mails", run, { ...options, concurrency: 10 });
}

// `bullmq-otel` does not record the error of a job.
async function run(job) {
  try {
    return send(job.data);
  } catch (error) {
    captureHandlerError(error);
    throw error;
  }
}

function send({ to }) {
  setUser({ id: to });
  if (to === "bob") throw new Error("bob has no address");
  return `sent to ${to}`;
}
