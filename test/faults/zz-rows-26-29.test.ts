import { expect, it } from "vitest";
import { namesIn, spoolDirectory } from "../spool/spool-support.js";
import { startApp } from "./app.js";
import { startFaultServer } from "./kit.js";
import { killedWithSpooled } from "./spooling-app.js";
import { unreachableDsn } from "./unreachable.js";
it("real pause", { timeout: 120_000 }, async () => {
  const server = await startFaultServer();
  await server.stopListening();
  const directory = await spoolDirectory();
  const options = { dsn: server.dsn, transport: { spoolDirectory: directory } };
  await killedWithSpooled(await startApp(options), 500);
  await server.listen();
  const start = performance.now();
  await startApp(options);
  await server.until(({ events }) => events.unique === 500, 110_000);
  const at = await server.arrivals();
  const gaps = at.slice(1).map((t, i) => t - (at[i] ?? 0)).toSorted((a, b) => a - b);
  console.log("REAL", Math.round(performance.now() - start), "ms; gaps min/median/max", gaps[0], gaps[250], gaps.at(-1), (await server.report()).events, (await namesIn(directory)).length);
  expect(at).toHaveLength(500);
});
it("figures", { timeout: 60_000 }, async () => {
  const out: Record<string, number[]> = {};
  for (let i = 0; i < 5; i++) {
    for (const ending of ["sigterm", "sigint"] as const) {
      const server = await startFaultServer();
      await server.script({ requests: [{ do: { kind: "respond", delayMillis: 20 } }] });
      const app = await startApp({ dsn: server.dsn, flushOnSignals: true });
      (out[ending] ??= []).push(Math.round((await app.end(ending, { errors: 50, transactions: 50 })).millis));
    }
    const server = await startFaultServer();
    const app = await startApp({ dsn: server.dsn, transport: { idleTimeoutMillis: 60_000 } });
    await app.captureErrors(100);
    await app.flush();
    (out["idle end"] ??= []).push(Math.round((await app.end("runOut")).millis));
    const hole = await startApp({ dsn: await unreachableDsn(), shutdownTimeoutMillis: 500 });
    (out["SYN hole"] ??= []).push(Math.round((await hole.end("runOut", { errors: 50, transactions: 50 })).millis));
    const dead = await startFaultServer();
    await dead.script({ requests: [{ do: { kind: "black-hole" } }] });
    const b = await startApp({ dsn: dead.dsn, shutdownTimeoutMillis: 500 });
    (out["black hole"] ??= []).push(Math.round((await b.end("runOut", { errors: 50, transactions: 50 })).millis));
  }
  console.log("FIG", JSON.stringify(out));
});
