// instrumentations: pg
import { PGlite } from "@electric-sql/pglite";
import { PGLiteSocketServer } from "@electric-sql/pglite-socket";
import { captureException, withIsolationScope } from "otel-sentry-bridge";
import pg from "pg";

import { all, end, inSpan, work } from "../kit.mjs";

const database = new PGLiteSocketServer({
  db: await PGlite.create(),
  port: 0,
  host: "127.0.0.1",
  maxConnections: 5,
});
const port = await new Promise((resolve) => {
  database.addEventListener("listening", ({ detail }) => resolve(detail.port));
  void database.start();
});
const pool = new pg.Pool({
  host: "127.0.0.1",
  port,
  user: "postgres",
  database: "postgres",
  max: 1,
});
await all((unit) =>
  withIsolationScope(() =>
    inSpan("job", {}, async () => {
      const query = () => pool.query(`SELECT 1 AS unit${unit}`);
      await work(unit, query).catch(captureException);
    }),
  ),
);
await end();
