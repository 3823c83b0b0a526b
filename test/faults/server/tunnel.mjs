import { connect } from "node:net";

import { answerText } from "./answer.mjs";

/** @typedef {import("./exchange.mjs").Exchange} Exchange */

/**
 * Answers a CONNECT as a proxy does, and passes bytes on.
 * @param {Exchange} exchange
 * @param {{ resetAfterBytes?: number }} action
 */
export async function openTunnel(exchange, { resetAfterBytes = Infinity }) {
  await exchange.request.reached("body");
  const { connection } = exchange;
  const target = new URL(`http://${exchange.request.head.target}`);
  const client = connection.detach();
  const upstream = connect({ host: target.hostname, port: Number(target.port || 80) });
  let isOpen = false;
  let bytes = 0;
  upstream.on("connect", () => {
    isOpen = true;
    connection.write("HTTP/1.1 200 Connection Established\r\n\r\n");
    upstream.pipe(client);
  });
  client.on("data", (chunk) => {
    bytes += chunk.length;
    if (bytes > resetAfterBytes) connection.reset();
    else upstream.write(chunk);
  });
  client.on("close", () => upstream.destroy());
  upstream.on("error", () => {
    if (!isOpen) connection.write(answerText({ status: 502, body: "" }));
  });
  upstream.on("close", () => connection.close());
}
