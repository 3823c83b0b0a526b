// A hand-written pool calls the next waiter from the one that releases, in the releaser's context.
import { end, job, load, query } from "./kit.mjs";

const free = [{}, {}];
const waiting = [];
function acquire(callback) {
  const one = free.pop();
  if (one === undefined) waiting.push(callback);
  else callback(one);
}
function release(one) {
  const next = waiting.shift();
  if (next === undefined) free.push(one);
  else next(one);
}

await load((id) =>
  job(
    "order",
    () =>
      new Promise((resolve) => {
        acquire(async (one) => {
          await query("stock", id);
          resolve();
          release(one);
        });
      }),
  ),
);
await end();
