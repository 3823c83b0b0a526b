// Finds the secrets that a statement of SQL, or of a similar language, has as literals.
import { withoutQuoted } from "./assigned-secrets.js";
import { isAssignedSecret, isPlaceholder } from "./assigned-value.js";
import { isSecretName, mayNameSecret } from "./secret-name.js";
import { FILTERED } from "./secret-words.js";

// `password = 'x'`, `"api_key" LIKE 'x'`, `[pwd] = crypt('x', …)`. A string in double quotes may be a column.
const COMPARED =
  /(?<![\w$])(([\w$]{1,64})["`\]]?(?:\sfor\s\S{1,128})?\s{0,8}(?:[:!<=]?[=>]|(?<!\w)(?:not\s{1,8})?i?like(?!\w)|(?<!\w)in\s{0,8}\()\s{0,8}(?:\w{1,32}\(\s{0,8})?[benx]?)('(?:[^'\\]|\\[^]|'')*(?:'\s{0,8},\s{0,8}(?=')|'|$)(?:'(?:[^'\\]|\\[^]|'')*(?:'\s{0,8},\s{0,8}(?=')|'|$))*)/gi;

/** Returns false if a statement has no literals, or none that may be a secret: a cheap first test. */
export function mayHoldLiterals(statement: string): boolean {
  for (let at = statement.indexOf("'"); at !== -1; at = statement.indexOf("'", at + 1)) {
    const name = nameBefore(statement, at);
    if (name === "") return mayNameSecret(statement) || /identified/i.test(statement);
    if (isSecretName(name)) return true;
    at = statement.indexOf("'", at + 1);
    if (at === -1) return false;
  }
  return false;
}

// Returns the name in `name = '`; "" if there is something else before the literal. A loop takes a tenth of the time of a
// regular expression.
function nameBefore(statement: string, literal: number): string {
  const sign = backTo(statement, literal, SPACE);
  if (statement.charCodeAt(sign - 1) !== EQUALS) return "";
  const end = backTo(statement, sign - 1, SPACE);
  let start = end;
  while (isWord(statement.charCodeAt(start - 1))) start -= 1;
  return statement.slice(start, end);
}

function backTo(statement: string, from: number, code: number): number {
  let at = from;
  while (statement.charCodeAt(at - 1) === code) at -= 1;
  return at;
}

const SPACE = 0x20;
const EQUALS = 0x3d;

function isWord(code: number): boolean {
  return (code >= 0x61 && code <= 0x7a) || (code >= 0x41 && code <= 0x5a) || code === 0x5f;
}

/** Replaces strings that a statement compares with or assigns to a column with a secret name by `[Filtered]`. */
export function withoutLiterals(statement: string): string {
  if (!mayHoldLiterals(statement)) return statement;
  return withoutQuoted(statement).replace(COMPARED, (...match: string[]) => {
    const [all = "", start = "", name = "", value = ""] = match;
    const isShown = value.length < 3 || isPlaceholder(value) || !isAssignedSecret(name);
    return isShown ? all : `${start}'${FILTERED}'`;
  });
}
