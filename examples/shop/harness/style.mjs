import * as util from "node:util";

/** Colours a text for a terminal; leaves it as it is elsewhere, and where `NO_COLOR` is set. */
export function styleText(format, text) {
  const isPlain = !process.stdout.isTTY || Boolean(process.env.NO_COLOR);
  return isPlain ? text : util.styleText(format, text);
}
