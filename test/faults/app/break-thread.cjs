// Preloaded into an application: breaks its sender thread as SETUP says.
const threads = require("node:worker_threads");

const how = JSON.parse(process.env.SETUP).breaksThread;

const CHANGES = {
  "out of memory": {
    resourceLimits: { maxOldGenerationSizeMb: 20 },
    execArgv: ["--require", `${__dirname}/fill-thread.cjs`],
  },
  blocked: { execArgv: ["--require", `${__dirname}/block-thread.cjs`] },
};

if (how === "short of memory for a copy") {
  const { prototype } = threads.MessagePort;
  const postMessage = Reflect.get(prototype, "postMessage");
  let batches = 0;
  prototype.postMessage = function (message, ...transferred) {
    if (message?.kind === "batch" && (batches += 1) === 2)
      throw new DOMException("Data cannot be cloned, out of memory.", "DataCloneError");
    return Reflect.apply(postMessage, this, [message, ...transferred]);
  };
}

if (threads.isMainThread) {
  threads.Worker = class extends threads.Worker {
    constructor(file, options) {
      super(how === "missing" ? `${file}.gone` : file, { ...options, ...CHANGES[how] });
      globalThis.senderThread = { worker: this, execArgv: options.execArgv, env: options.env };
    }
  };
} else {
  throw new Error("the sender thread has inherited what is preloaded into the process");
}
