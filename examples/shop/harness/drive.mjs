import { Agent, request } from "node:http";
import { json } from "node:stream/consumers";

/**
 * Sends all orders at once, over keep-alive connections. This process is not instrumented.
 *
 * @param {string} url of the gateway
 * @param {object[]} orders
 * @returns {Promise<number[]>} status codes
 */
export async function drive(url, orders) {
  const agent = new Agent({ keepAlive: true, maxSockets: 200 });
  try {
    return await Promise.all(orders.map((order) => checkout({ url, agent, order })));
  } finally {
    agent.destroy();
  }
}

function checkout({ url, agent, order: { user, tenant, body } }) {
  return new Promise((resolve, reject) => {
    const headers = { "content-type": "application/json", "x-user-id": user, "x-tenant": tenant };
    const options = { agent, method: "POST", headers };
    request(`${url}/${tenant}/checkout/${user}`, options, (response) => {
      json(response).then(() => resolve(response.statusCode), reject);
    })
      .on("error", reject)
      .end(JSON.stringify(body));
  });
}
