// Sentry's deny list for headers matches substrings. For names that applications choose, that would filter `author`,
// `input_tokens`, `next_page_token` and `password_changed_at`, so these names are read word by word. An English
// compound ends with the thing that it names: a `password_policy` is a policy, an `old_password` a password. So the
// words after a term decide whether the value is the secret itself, and the word before it decides which kind of key,
// token or session it is.
import {
  ACCOUNTS,
  DESCRIPTORS,
  LOGINS,
  NEUTRAL_WORDS,
  OPENERS,
  PLAIN_AUTHS,
  PLAIN_SESSIONS,
  PLAIN_TOKENS,
  PURPOSES,
  SECRET_KEYS,
  SECRET_THINGS,
  SECRET_TOKENS,
  STRONG_TERMS,
  VENDORS,
  WEAK_TERMS,
} from "./secret-words.js";

/** Attributes of OpenTelemetry's and Sentry's conventions whose names look like that of a secret but are not. */
const KNOWN_NAMES: ReadonlySet<string> = new Set([
  "faas.identity",
  "feature_flag.key",
  "session.id",
  "session.previous_id",
]);

/** Prefixes of such attributes, including those of this package. */
const KNOWN_FAMILIES = ["flag.evaluation.", "sentry.dsc.", "sentry.module."] as const;

const SHORTEST_TERM = 2;

/** Names that are cached, and the longest of them. Most names come from a small vocabulary. */
const MAX_REMEMBERED = 4096;
const MAX_REMEMBERED_LENGTH = 256;

/** Words at the end of a name that are read: twice as many as the longest name of a convention has. */
const MAX_WORDS = 32;

/** The most words in one term (`access key id` has three). */
const MAX_TERM_WORDS = 3;

const decisions = new Map<string, boolean>();

/**
 * Tells whether values with this name are filtered: the name says that they are a secret, in any spelling (`apiKey`,
 * `api_key`, `API-KEY`, `apikey`). False for values that are only about a secret (`token_count`), and for keys and tokens
 * that give no access (`primary_key`). Cached.
 */
export function isSecretName(name: string): boolean {
  const known = decisions.get(name);
  if (known !== undefined) return known;
  const decision = namesSecret(name);
  if (decisions.size < MAX_REMEMBERED && name.length <= MAX_REMEMBERED_LENGTH)
    decisions.set(name, decision);
  return decision;
}

// Substrings of which every name that `isSecretName` accepts, and every name of a cookie, contains one.
const HINT =
  /auth|token|secret|pass|pwd|key|jwt|bearer|sso|saml|[cx]srf|credential|sess|sid|identity|psk|mnemonic|code|seed|card|ssn|socials?|pin|otp|cv[vc]|cookie|pw|phrase|signature|whsec|jaas|pats?(?![a-z])/i;
const SEPARATED_HINT = /socials?|(?:x|c)[^a-z]?srf|account[^a-z]?(?:json|info)|configjson/i;

// Substrings of which every list of headers or arguments, and every name that `isPersonalName` accepts, contains one.
const PERSONAL_HINT =
  /arg[sv]|arguments|cmd|command|header|trailer|forwarded|addr|(?:client|connecting|peer|real|remote|socket|user)[^a-z]?ip|remote[^a-z]?user/i;

/** Returns false if a text cannot contain the name of a secret, a cookie, a list of arguments or a client's address: a cheap test for large texts. */
export function mayHoldNames(text: string): boolean {
  return mayNameSecret(text) || PERSONAL_HINT.test(text);
}

/** Returns false if a text cannot contain the name of a secret or a cookie: a cheap first test for large texts. */
export function mayNameSecret(text: string): boolean {
  return HINT.test(text) || SEPARATED_HINT.test(text);
}

function namesSecret(name: string): boolean {
  if (name.length < SHORTEST_TERM || !mayNameSecret(name) || isKnown(name)) return false;
  const read = name.slice(-MAX_REMEMBERED_LENGTH);
  const dot = read.lastIndexOf(".");
  const words = wordsOf(read);
  if (isFlag(dot === -1 ? words : wordsOf(read.slice(dot + 1)))) return false;
  const hasStrong = STRONG_HINT.test(words.join(""));
  return words.some(
    (_word, at) => hasWeakTerm(words, at) || (hasStrong && hasStrongTerm(words, at)),
  );
}

// A term that is followed by another word is found as well: whether it is one is decided word by word.
const STRONG_HINT = new RegExp(STRONG_TERMS.source.replace("(?!r)", ""));

// `remember_password` is a flag, but `remember_token` is a token.
function isFlag(words: readonly string[]): boolean {
  const first = words[0] ?? "";
  if (words.length < 2 || !OPENERS.has(first)) return false;
  return !(PURPOSES.has(first) && /^(?:token|code|key|secret)$/.test(words.at(-1) ?? ""));
}

function isKnown(name: string): boolean {
  return KNOWN_NAMES.has(name) || KNOWN_FAMILIES.some((family) => name.startsWith(family));
}

function hasStrongTerm(words: readonly string[], at: number): boolean {
  for (let count = 1; count <= MAX_TERM_WORDS && at + count <= words.length; count++) {
    const joined = words.slice(at, at + count).join("");
    const term = STRONG_TERMS.exec(joined);
    // A term of several words must match all of them; a single word may contain more than the term.
    const end = term === null ? 0 : term.index + term[0].length;
    if (term === null || (count > 1 && !isWhole(term.index, joined.slice(end)))) continue;
    if (term[0] === "sessionid" && PLAIN_SESSIONS.has(words[at - 1] ?? "")) continue;
    if (!isAbout([joined.slice(end), ...words.slice(at + count)], term[0])) return true;
  }
  return false;
}

function isWhole(start: number, rest: string): boolean {
  return start === 0 && (rest === "" || rest === "s");
}

// Also recognizes words that are written as one: `passwordchangedat`.
const RUN_TOGETHER = new RegExp(`^s?(?:${[...DESCRIPTORS].join("|")})+$`);

function isAbout([rest = "", ...after]: readonly string[], term: string): boolean {
  if (term === "secret" && after.length === 1 && SECRET_THINGS.has(after[0] ?? "")) return true;
  return RUN_TOGETHER.test(rest) || after.some((word) => DESCRIPTORS.has(word));
}

function hasWeakTerm(words: readonly string[], at: number): boolean {
  const word = words[at] ?? "";
  const after = words.slice(at + 1);
  if (word === "key" && at === 0) return after.length === 0;
  if (!WEAK_TERMS.has(word))
    return isRunTogetherToken(word, after) || isRunTogetherPass(word, after);
  return isNeutral(word, after) && givesAccess(word, words[at - 1]);
}

function isNeutral(term: string, after: readonly string[]): boolean {
  if (after[0] === "for") return true;
  const isOfVendor = term === "token" || term === "key";
  return after.every((word) => NEUTRAL_WORDS.has(word) || (isOfVendor && VENDORS.has(word)));
}

const PLAIN_TOKEN = new RegExp(`(?:${[...PLAIN_TOKENS].join("|")})token$`);

// True for `mytoken` and `stripetoken`, false for `nextpagetoken`.
function isRunTogetherToken(word: string, after: readonly string[]): boolean {
  return word.endsWith("token") && !PLAIN_TOKEN.test(word) && isNeutral("token", after);
}

// True for `pgpass`, `newpass` and `rootpw`, false for `bypass` and `compass`.
function isRunTogetherPass(word: string, after: readonly string[]): boolean {
  const term = /(?:pass|pw|pin)$/.exec(word);
  return term !== null && ACCOUNTS.has(word.slice(0, term.index)) && isNeutral("pass", after);
}

/**
 * By term, a test of the word before it: whether the compound names something that gives access. Terms without an entry
 * always do.
 */
const GIVING: ReadonlyMap<string, (before: string) => boolean> = new Map<
  string,
  (before: string) => boolean
>([
  ["key", isKindOfKey],
  ["keys", isKindOfKey],
  ["token", (before) => !PLAIN_TOKENS.has(before)],
  ["tokens", (before) => SECRET_TOKENS.has(before)],
  ["pat", (before) => PAT_OWNERS.has(before) || VENDORS.has(before)],
  ...["sid", "session", "identity"].map(
    (term) => [term, (before: string) => LOGINS.has(before)] as const,
  ),
  ...["pass", "pin", "pw"].map((term) => [term, (before: string) => ACCOUNTS.has(before)] as const),
]);

/** After these words and names of services, `pat` is a personal access token, not a pattern or a person. */
const PAT_OWNERS: ReadonlySet<string> = new Set(["access", "ado", "devops", "gh", "personal"]);

function isKindOfKey(before: string): boolean {
  return SECRET_KEYS.has(before) || VENDORS.has(before);
}

function givesAccess(term: string, before: string | undefined): boolean {
  if (before === undefined) return term !== "keys" && term !== "tokens" && term !== "pat";
  const isGiving = GIVING.get(term);
  return isGiving === undefined ? !PLAIN_AUTHS.has(before) : isGiving(before);
}

const MIXED_CASE = /[a-z][A-Z]|[A-Z][a-z]/;

/** If the average length of the words is lower, capitals are taken as random, as in `ToKeN`. */
const SHORTEST_MEAN_WORD = 2.4;

// Splits the end of a name into words. Digits separate words and are dropped: `OAuth2`, `password_1`.
function wordsOf(name: string): readonly string[] {
  const parts = name
    .replaceAll(/(?<![a-zA-Z])oAuth|OAuth/g, "oauth ")
    .split(/[^a-zA-Z]+/)
    .filter((part) => part !== "");
  return parts.slice(-MAX_WORDS).flatMap(splitWord).slice(-MAX_WORDS);
}

function splitWord(part: string): readonly string[] {
  if (!MIXED_CASE.test(part)) return [part.toLowerCase()];
  const spaced = part.replaceAll(/([a-z])([A-Z])|([A-Z])(?=[A-Z][a-z])/g, "$1$3 $2");
  const words = spaced.toLowerCase().split(" ");
  const whole = part.toLowerCase();
  const isMangled = words.length > 1 && part.length / words.length < SHORTEST_MEAN_WORD;
  return isMangled || isTerm(whole) ? [whole] : words;
}

// Tells whether a word is a term however it is capitalized: `passWord` and `pASSWORD` are one word.
function isTerm(word: string): boolean {
  const term = STRONG_TERMS.exec(word);
  return WEAK_TERMS.has(word) || (term !== null && isWhole(term.index, word.slice(term[0].length)));
}
