// The process that `kit.ts` starts: it answers calls, one reply for each.
import { FaultServer } from "./fault-server.mjs";

const server = new FaultServer();

process.on("message", async ({ id, call, argument }) => {
  try {
    reply({ id, result: await server[call](argument) });
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
