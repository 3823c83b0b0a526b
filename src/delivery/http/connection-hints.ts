import type { ResponseHeaders } from "./exchange.js";

/** What a server announces about the connection that it answers on. */
export interface ConnectionHints {
  /** It ends the connection after this answer. */
  readonly isLast: boolean;
  /** How long, in milliseconds, it keeps the connection while that is idle; undefined where it does not say. */
  readonly keepMillis: number | undefined;
}

// What the server's hint is taken short by, for what is on its way.
const HINT_MARGIN_MILLIS = 1000;

/** Reads `Connection` and `Keep-Alive` of a response. */
export function readHints(headers: ResponseHeaders): ConnectionHints {
  const { connection, "keep-alive": keepAlive } = headers;
  const isClosing = connection !== undefined && /\bclose\b/i.test(String(connection));
  const seconds =
    keepAlive === undefined ? undefined : /\btimeout\s*=\s*(\d+)/i.exec(String(keepAlive))?.[1];
  if (seconds === undefined) return isClosing ? CLOSING : NO_HINTS;
  const keepMillis = Number(seconds) * 1000 - HINT_MARGIN_MILLIS;
  return { isLast: isClosing || keepMillis <= 0, keepMillis };
}

const NO_HINTS: ConnectionHints = { isLast: false, keepMillis: undefined };
const CLOSING: ConnectionHints = { isLast: true, keepMillis: undefined };
