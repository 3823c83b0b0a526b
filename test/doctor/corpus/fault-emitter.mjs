// Answers come from one emitter that polls outside of any unit; half of the handlers start spans there.
import { EventEmitter, once } from "node:events";
import { setTimeout as sleep } from "node:timers/promises";

import { end, job, load, query } from "./kit.mjs";

const answers = new EventEmitter().setMaxListeners(0);
const asked = [];
const poll = setInterval(() => {
  for (const id of asked.splice(0)) answers.emit(id);
}, 2);

await load((id) =>
  job("order", async () => {
    asked.push(id);
    if (Number(id) % 2 === 0) {
      await once(answers, id);
      await query("stock", id);
    } else {
      await new Promise((resolve) => answers.once(id, () => void query("stock", id).then(resolve)));
    }
    await sleep(1);
  }),
);
clearInterval(poll);
await end();
