// The program of the sender thread, which `ThreadWorker` starts.
import { workerData } from "node:worker_threads";

import { runSendingWorker } from "./sending-worker.js";
import type { SendingWorkerData } from "./sending-worker.js";

const data: SendingWorkerData = workerData;
runSendingWorker(data);
