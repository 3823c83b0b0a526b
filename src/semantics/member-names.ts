// Names of attributes and members that say what shape their values have.

/** Members whose own members are named by those who call, not by the application. */
export const FIELD_LISTS: RegExp =
  /(?:cookies?|headers?|query|(?:query|search)_?params?|trailers)$/i;

const SET_COOKIE = /set[_-]?cookies?$/i;
const COOKIES = /cookies?(?:[_-]?(?:data|header|jar|raw|string|value)s?)?$/i;
const COOKIE_SETTING = /^(?:accept|allow|block|disable|enable|has|third|use)/i;
const ONE_COOKIE = /(?:^|[._])(?:set[_-])?cookies?[.]/i;

const QUERY = /(?:query|query_?string|search|fragment)$/i;
const URL_NAME = /(?:url|uri|href|target|referr?er|location|url\.(?:full|original))$/i;
const URL_QUERY = /(?:(?:url|http)\.query|query_?string)$/i;
const ARGUMENTS = /(?:command_?args|argv|args|arguments)$/i;
const COMMAND = /(?:command_?lines?|cmd_?line|cmd|command|command_?args|argv)$/i;
const CONNECTION = /(?:connection_?string|conn_?str|jdbc_?url|dsn)$/i;
const BODY = /(?:body|payload|form|form_?data|post_?data)(?:\.(?:content|data|text))?$/i;

/** The shape of a text, as its name says it. */
export type TextShape =
  | "body"
  | "command"
  | "connection"
  | "cookies"
  | "query"
  | "set-cookie"
  | "text"
  | "url"
  | "url-query";

const SHAPES: readonly (readonly [RegExp, TextShape])[] = [
  [SET_COOKIE, "set-cookie"],
  [COOKIES, "cookies"],
  [CONNECTION, "connection"],
  [URL_NAME, "url"],
  [COMMAND, "command"],
  [BODY, "body"],
  [URL_QUERY, "url-query"],
  [QUERY, "query"],
];

/** Returns the shape of texts under this name; `text` where the name says nothing. */
export function textShapeOf(name: string): TextShape {
  if (isCookieName(name)) return SET_COOKIE.test(name) ? "set-cookie" : "cookies";
  const shape = SHAPES.find(([pattern]) => pattern.test(name))?.[1] ?? "text";
  return shape === "cookies" || shape === "set-cookie" ? "text" : shape;
}

/** Returns true for names of cookies as a whole: `cookie`, `http.request.header.set-cookie`, `rawCookies`. */
export function isCookieName(name: string): boolean {
  return COOKIES.test(name) && !COOKIE_SETTING.test(name.slice(name.lastIndexOf(".") + 1));
}

/** Returns true for the name of an attribute that holds one cookie: `http.request.header.cookie.sid`. */
export function isOneCookie(name: string): boolean {
  return ONE_COOKIE.test(name);
}

/** Returns true for lists of a program's arguments. */
export function isArgumentsName(name: string): boolean {
  return ARGUMENTS.test(name);
}

/** Returns true for names whose values are not read as plain text or by their own members alone. */
export function hasShape(name: string): boolean {
  return FIELD_LISTS.test(name) || ARGUMENTS.test(name) || textShapeOf(name) !== "text";
}
