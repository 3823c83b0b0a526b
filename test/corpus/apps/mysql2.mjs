// instrumentations: mysql2
import { tmpdir } from "node:os";
import { join } from "node:path";
import mysql from "mysql2";
import { bindContext, captureException, withIsolationScope } from "otel-sentry-bridge";

import { all, end, inSpan, work } from "../kit.mjs";

let connections = 0;
const server = mysql.createServer();
server.on("connection", (connection) => {
  connections += 1;
  connection.serverHandshake({
    protocolVersion: 10,
    serverVersion: "8.0.0",
    connectionId: connections,
    statusFlags: 2,
    characterSet: 8,
    capabilityFlags: 0xffffff,
  });
  connection.on("query", () => connection.writeOk());
  connection.on("error", () => {});
});
const socketPath = join(tmpdir(), `corpus-${process.pid}.sock`);
await new Promise((resolve) => server.listen(socketPath, resolve));
const pool = mysql.createPool({
  socketPath,
  user: "root",
  connectionLimit: 5,
});
// A pool calls back in the context of the caller that has released the connection.
function connect() {
  return new Promise((resolve) => {
    pool.getConnection(bindContext((_error, connection) => resolve(connection)));
  });
}

await all((unit) =>
  withIsolationScope(() =>
    inSpan("job", {}, async () => {
      const query = async () => {
        const connection = await connect();
        await new Promise((resolve) => connection.query(`SELECT 1 AS unit${unit}`, resolve));
        connection.release();
      };
      await work(unit, query).catch(captureException);
    }),
  ),
);
await end();
