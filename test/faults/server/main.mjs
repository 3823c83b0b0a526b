// The process that `kit.ts` starts: it has servers by number, and answers calls to them, one reply for each.
import { FaultServer } from "./fault-server.mjs";

/** @type {Map<number, FaultServer>} */
const servers = new Map();

process.on("message", async ({ id, server, call, argument }) => {
  try {
    if (call === "start") servers.set(server, new FaultServer());
    reply({ id, result: await servers.get(server)[call](argument) });
    if (call === "end") servers.delete(server);
  } catch (error) {
    reply({ id, error: error.stack });
  }
});
// The test is over, however it ended.
process.on("disconnect", () => process.exit());

/** @param {import("../server-protocol.ts").ReplyMessage} message */
function reply(message) {
  if (process.connected) process.send(message);
}
