import { Agent, request } from "node:http";

import { paced, saturated } from "./load.mjs";

const agent = new Agent({ keepAlive: true, maxSockets: 50 });
const BODY = JSON.stringify({ skus: ["a", "b", "c"], ship: false });
let number = 0;

function checkout(url) {
  const user = number++;
  return new Promise((resolve, reject) => {
    const outgoing = request(
      `${url}/tenant-${user % 7}/checkout/${user}`,
      { method: "POST", agent, headers: { "content-type": "application/json" } },
      (response) => response.resume().on("end", resolve),
    );
    outgoing.on("error", reject).end(BODY);
  });
}

/** Sends orders to the `app` workload, as `saturated` or `paced` does. */
export function drive(url, requests, perSecond) {
  const next = () => checkout(url);
  return perSecond === undefined ? saturated(next, requests) : paced(next, requests, perSecond);
}
