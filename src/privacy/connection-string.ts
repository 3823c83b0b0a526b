import { FILTERED } from "./secret-words.js";
import { isSensitiveKey } from "./sensitive.js";
import { withoutSecrets } from "./url.js";

// With a quote that is not closed, all that follows may be its value.
const SPACED_SETTING =
  /([^\s;&?=]{1,64})(\s{0,8}=\s{0,8})(\{(?:[^}]|\}\})*\}|'(?:[^']|'')*'|"(?:[^"]|"")*"|[{'"][^]*|[^\s;&]*)/g;
const SETTING =
  /([^;&?=]{1,64})(=\s{0,8})(\{(?:[^}]|\}\})*\}|'(?:[^']|'')*'|"(?:[^"]|"")*"|[{'"][^]*|[^;&]*)/g;
const CLOSED = /^(?:\{[^]*\}|'[^]*'|"[^]*"|[^{'"][^]*)?$/;

/** Withholds the secrets of `Server=db;Password=x y`, `host=db password=x` or a URL. */
export function filterConnection(text: string): string {
  const setting = text.includes(";") ? SETTING : SPACED_SETTING;
  return withoutSecrets(text).replace(setting, (...match: string[]) => {
    const [all = "", name = "", equals = "", setTo = ""] = match;
    return isSensitiveKey(name) || !CLOSED.test(setTo) ? `${name}${equals}${FILTERED}` : all;
  });
}
