// Finds the secrets that a statement of SQL, or of a similar language, has as literals.
import { withoutQuoted } from "./assigned-secrets.js";
import { isAssignedSecret, isPlaceholder } from "./assigned-value.js";
import { mayNameSecret } from "./secret-name.js";
import { FILTERED } from "./secret-words.js";

// `password = 'x'`, `"api_key" LIKE 'x'`, `[pwd] = crypt('x', …)`. A string in double quotes may be a column.
const COMPARED =
  /(?<![\w$])(([\w$]{1,64})["`\]]?(?:\sfor\s\S{1,128})?\s{0,8}(?:[:!<=]?[=>]|(?<!\w)(?:not\s{1,8})?i?like(?!\w))\s{0,8}(?:\w{1,32}\(\s{0,8})?[benx]?)('(?:[^'\\]|\\[^]|'')*(?:'|$))/gi;

/** Returns false if a statement has no literals, or no name of a secret: a cheap first test. */
export function mayHoldLiterals(statement: string): boolean {
  return statement.includes("'") && (mayNameSecret(statement) || /identified/i.test(statement));
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
