import { textValue } from "./attribute-text.js";
import type { AttributeBag } from "../trace/span.js";

// The methods of the conventions, then those that Node's parser accepts. In a list, because any other
// text in the attribute may be anything, a credential among it.
const KNOWN_METHODS: ReadonlySet<string> = new Set(
  (
    "GET HEAD POST PUT DELETE CONNECT OPTIONS TRACE PATCH QUERY " +
    "ACL BIND CHECKOUT COPY LINK LOCK M-SEARCH MERGE MKACTIVITY MKCALENDAR MKCOL MOVE NOTIFY PROPFIND " +
    "PROPPATCH PURGE REBIND REPORT SEARCH SOURCE SUBSCRIBE UNBIND UNLINK UNLOCK UNSUBSCRIBE"
  ).split(" "),
);

const MAX_METHOD_LENGTH = 20;

/** Stands for a method that is not known: the conventions name such spans `HTTP`. */
export const OTHER_METHOD = "HTTP";

/**
 * The request method of an HTTP span, in upper case; `HTTP` where its attribute holds no known method;
 * undefined for every other span.
 */
export function requestMethod(attributes: AttributeBag): string | undefined {
  const given =
    textValue(attributes["http.request.method"]) ?? textValue(attributes["http.method"]);
  if (given === undefined || KNOWN_METHODS.has(given)) return given;
  // No known method is longer: a long text is not copied.
  const method = given.length > MAX_METHOD_LENGTH ? "" : given.toUpperCase();
  return KNOWN_METHODS.has(method) ? method : OTHER_METHOD;
}
