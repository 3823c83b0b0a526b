import { setTimeout as delay } from "node:timers/promises";

import { informationalText, partialAnswerText } from "./answer.mjs";
import { openTunnel } from "./tunnel.mjs";

/** @typedef {import("../server-protocol.ts").RequestAction} RequestAction */
/** @typedef {import("./exchange.mjs").Exchange} Exchange */
/** @typedef {import("./script.mjs").Script} Script */

export const SSH_BANNER = "SSH-2.0-OpenSSH_9.6\r\n";

// So that the client has read a head before the end that comes after it.
const DEFAULT_PAUSE_MILLIS = 20;

/**
 * Does with a request, from its head on, what the script says.
 * @param {Script} script
 * @param {Exchange} exchange
 */
export async function perform(script, exchange) {
  const action = script.onHead(exchange.request) ?? (await actionForBody(script, exchange));
  await ACTIONS[action.kind](exchange, action);
}

async function actionForBody(script, exchange) {
  await exchange.request.reached("body");
  return script.onBody(exchange.request, exchange.category);
}

/** @type {{ [K in RequestAction["kind"]]: (exchange: Exchange, action: any) => Promise<void> | void }} */
const ACTIONS = {
  respond,
  "black-hole": (exchange) => exchange.connection.freeze(),
  "headers-then": headersThen,
  "slow-read": slowRead,
  fin: (exchange, action) => breakOff(exchange, action),
  rst: (exchange, action) => breakOff(exchange, action),
  garbage,
  stall,
  tunnel: (exchange, action) => openTunnel(exchange, action),
};

async function respond(exchange, action) {
  await exchange.request.reached("body");
  const { status = 200, headers, connection } = action;
  if (action.process ?? isSuccess(status)) exchange.process();
  if (action.delayMillis !== undefined) await delay(action.delayMillis);
  for (const early of action.informational ?? []) {
    exchange.connection.write(informationalText(early));
  }
  const body = action.body ?? exchange.receipt();
  exchange.respond({ status, headers, connection, body }, action.ending);
}

async function headersThen(exchange, action) {
  await exchange.request.reached("body");
  const { status = 200, headers, body = "length", afterMillis = DEFAULT_PAUSE_MILLIS } = action;
  if (action.process ?? isSuccess(status)) exchange.process();
  exchange.answer(status, partialAnswerText({ status, headers, body }));
  await delay(afterMillis);
  end(exchange, action.ending);
}

async function breakOff(exchange, action) {
  await exchange.request.reached(action.at);
  // What has not come whole cannot be processed.
  if (action.process === true) exchange.process();
  if (action.afterMillis !== undefined) await delay(action.afterMillis);
  end(exchange, action.kind);
}

async function slowRead(exchange, { startMillis = 0, bytesPerSecond, answer = {} }) {
  exchange.connection.pause();
  await delay(startMillis);
  exchange.connection.resume(bytesPerSecond);
  await respond(exchange, answer);
}

async function garbage(exchange, action) {
  await exchange.request.reached("body");
  if (action.process === true) exchange.process();
  exchange.connection.write(action.bytes ?? SSH_BANNER);
  exchange.connection.close();
}

async function stall(exchange, action) {
  await exchange.request.reached("body");
  if (action.process === true) exchange.process();
}

function end({ connection }, how) {
  if (how === "rst") connection.reset();
  else if (how === "fin") connection.close();
}

function isSuccess(status) {
  return status >= 200 && status < 300;
}
