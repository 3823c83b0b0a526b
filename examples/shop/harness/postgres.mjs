// A real Postgres wire server, in this process, without a container.
import { PGlite } from "@electric-sql/pglite";
import { PGLiteSocketServer } from "@electric-sql/pglite-socket";

const db = await PGlite.create();
await db.exec("CREATE TABLE items (sku text PRIMARY KEY, price int NOT NULL, stock int NOT NULL)");
await db.exec(
  "INSERT INTO items SELECT 'sku-' || n, n * 10, 100000 FROM generate_series(1, 12) AS n",
);

const server = new PGLiteSocketServer({ db, host: "127.0.0.1", port: 0 });
await server.start();

process.once("disconnect", async () => {
  await server.stop();
  await db.close();
});
process.once("message", () => process.disconnect());
process.send({ port: Number(server.getServerConn().split(":").at(-1)) });
