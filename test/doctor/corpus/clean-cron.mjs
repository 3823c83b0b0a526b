// Monitored jobs on a timer that was started before any unit, some of them longer than the period.
import { bridge, end, serve, UNITS } from "./kit.mjs";

let started = 0;
const running = [];
await new Promise((resolve) => {
  const timer = setInterval(() => {
    for (let each = 0; each < 10 && started < UNITS; each++) {
      const id = String(started++);
      running.push(bridge.withMonitor(`job-${Number(id) % 5}`, () => serve(id)));
    }
    if (started < UNITS) return;
    clearInterval(timer);
    resolve();
  }, 2);
});
await Promise.all(running);
await end();
