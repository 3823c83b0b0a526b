// The deny list's rule for headers, a substring of the key, would withhold `author`, `input_tokens` and
// `monkey` among an application's own names. Those are read by words: `passwordHash`, `api_key`,
// `access-token` and `Authorization` hold a term as a word.

/** Terms that are part of no other word: they count in any part of a name, also run together. */
const STRONG =
  /passw(?:or)?d|passphrase|pwd|secret(?!ar)|credential|bearer|jwt|csrf|xsrf|saml|sess(?:ion)?id|authori[sz]ation|(?:api|access|auth|encryption|master|private|secret|shared|signing)keys?(?![a-z])|(?:access|api|auth|bearer|refresh|session)tokens?(?![a-z])/;

/** Terms that are common words, or part of some: they count as a word of a name's last part. */
const WEAK = /^(?:o?auth|auth[nz]|authentication|[a-z]*token|key|sso|session|sid|identity)$/;

/** What is said about a secret, and is none: `token_count`, `passwordLength`. */
const MEASURES: ReadonlySet<string> = new Set(
  "count counts duration length limit size total ttl type usage".split(" "),
);

/** Keys that are data: `primary_key`, `sortKey`. */
const PLAIN_KEYS: ReadonlySet<string> = new Set(
  "cache foreign index message object ordering partition primary row routing shard sort unique".split(
    " ",
  ),
);

/** Names of the conventions of OpenTelemetry and Sentry that hold a term, and no secret. */
const KNOWN_NAMES: ReadonlySet<string> = new Set([
  "aspnetcore.authentication.result",
  "aspnetcore.authentication.scheme",
  "aspnetcore.authorization.policy",
  "aspnetcore.authorization.result",
  "aspnetcore.identity.password_check_result",
  "aspnetcore.identity.result",
  "aspnetcore.identity.token_purpose",
  "aspnetcore.identity.token_verified",
  "aws.s3.key",
  "aws.secretsmanager.secret.arn",
  "cache.key",
  "cloudflare.r2.request.key",
  "db.redis.key",
  "faas.identity",
  "feature_flag.key",
  "gen_ai.response.time_to_first_token",
  "mcp.progress.token",
  "mcp.session.id",
  "messaging.kafka.message.key",
  "messaging.kafka.message_key",
  "kafka.message.key",
  "session.id",
  "session.previous_id",
]);

/** Families of which the same is true; the bridge's own attributes are among them. */
const KNOWN_FAMILIES = ["flag.evaluation.", "sentry.dsc.", "sentry.module."] as const;

const SHORTEST_TERM = 3;

/** Most names come from a small vocabulary; more distinct ones than this, or longer, are not remembered. */
const MAX_REMEMBERED = 4096;
const MAX_REMEMBERED_LENGTH = 256;

const decisions = new Map<string, boolean>();

/**
 * Whether values under this name are withheld: a term of the deny list is one of its words, in any
 * spelling (`apiKey`, `api_key`, `API-KEY`, `apikey`). Names of the semantic conventions are exempt.
 */
export function isSecretName(name: string): boolean {
  const known = decisions.get(name);
  if (known !== undefined) return known;
  const decision = hasTerm(name);
  if (decisions.size < MAX_REMEMBERED && name.length <= MAX_REMEMBERED_LENGTH)
    decisions.set(name, decision);
  return decision;
}

function hasTerm(name: string): boolean {
  if (name.length < SHORTEST_TERM || isKnown(name)) return false;
  const words = wordsOf(name);
  if (MEASURES.has(words.at(-1) ?? "")) return false;
  if (STRONG.test(name.toLowerCase().replaceAll(/[^a-z.]/g, ""))) return true;
  const last = name.slice(name.lastIndexOf(".") + 1);
  return hasWeakTerm(wordsOf(last)) || hasWeakTerm(splitWords(last));
}

function isKnown(name: string): boolean {
  return KNOWN_NAMES.has(name) || KNOWN_FAMILIES.some((family) => name.startsWith(family));
}

function hasWeakTerm(words: readonly string[]): boolean {
  const found = words.findIndex((word) => WEAK.test(word));
  if (found === -1) return false;
  return words[found] !== "key" || found === 0 || !PLAIN_KEYS.has(words[found - 1] ?? "");
}

// `ToKeN` is one word, `authToken` two: a name is read both ways.
function wordsOf(name: string): readonly string[] {
  const spaced = name.replaceAll(/([a-z\d])([A-Z])|([A-Z])(?=[A-Z][a-z])/g, "$1$3 $2");
  return splitWords(spaced);
}

function splitWords(name: string): readonly string[] {
  return name.toLowerCase().split(/[^a-z]+/);
}
