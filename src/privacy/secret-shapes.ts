import { FILTERED } from "./secret-words.js";

// Secrets that are recognized by their form, regardless of their name. Each alternative begins with characters that
// rarely occur elsewhere, and has a bounded part before the first repetition.
const SHAPES = new RegExp(
  [
    String.raw`-----BEGIN (?:[A-Z]+ )*PRIVATE KEY(?: BLOCK)?-----[^]*?(?:-----END [A-Z ]*PRIVATE KEY(?: BLOCK)?-----|$)`,
    String.raw`\b(?:${[
      // HTTP authentication; `isLogin` and `isBearer` distinguish it from prose.
      String.raw`(?:[Bb]earer|BEARER|[Bb]asic|BASIC)\s{1,3}[\w.~+/=:-]{8,}`,
      // API keys and tokens of Stripe, GitHub, GitLab, AWS, Slack, Google, npm, SendGrid, Shopify, OpenAI and Anthropic.
      String.raw`[rs]k_(?:live|test)_\w{10,}`,
      String.raw`whsec_\w{16,}`,
      String.raw`gh[oprsu]_[A-Za-z\d]{30,}`,
      String.raw`github_pat_\w{20,}`,
      String.raw`glpat-[\w-]{20,}`,
      String.raw`(?:AKIA|ASIA)[A-Z\d]{16}\b`,
      String.raw`xox[abeoprs]-[\w-]{10,}`,
      String.raw`AIza[\w-]{35}`,
      String.raw`npm_[A-Za-z\d]{36}`,
      String.raw`SG\.[\w-]{16,}\.[\w-]{16,}`,
      String.raw`shp(?:at|ca|pa|ss)_[a-f\d]{32}`,
      String.raw`sk-(?:ant|proj|svcacct)-[\w-]{20,}`,
      // Tokens of DigitalOcean, Hugging Face, Google's OAuth and Slack apps.
      String.raw`do[oprt]_v1_[a-f\d]{32,}`,
      String.raw`hf_[A-Za-z\d]{30,}`,
      String.raw`ya29\.[\w-]{20,}`,
      String.raw`xapp-\d-[\w-]{10,}`,
    ].join("|")})`,
  ].join("|"),
  "g",
);

// Webhooks of Slack and Discord, and Telegram bots: the path of the URL is the secret.
const PATHS =
  /(hooks\.slack(?:-gov)?\.com\/(?:services|workflows|triggers)\/)[\w/-]{8,}|(\/webhooks\/\d{5,25}\/)[\w-]{20,}|(\/bot)\d{6,12}:[\w-]{20,}/g;

// Lines of `.netrc`, and of npm: `npm config set //registry/:_authToken x`.
const LOGINS =
  /\b(machine\s{1,64}\S{1,256}\s{1,64}(?:login\s{1,64}\S{1,256}\s{1,64})?password\s{1,64})\S+|(\/:_(?:auth|authToken|password)[ \t]{1,64})([^\s=]\S*)/g;

// JSON web tokens, signed or encrypted. Text that only begins like one is matched as well, so that it is read once:
// otherwise a long `-eyJ-eyJ-eyJ` would be read to its end from each `eyJ`.
const WEB_TOKENS = /\beyJ[\w-]{6,}(\.[\w-]{6,}(?:\.[\w-]*){1,3})?/g;

// Substrings of which every shape contains one. Case-sensitive alternatives of at least three characters let V8 skip
// ahead: 60 ns for a statement of 80 characters, where the shapes themselves take 280 ns.
const HINT =
  /eyJ|PRIV|k_(?:live|test)_|hsec_|gh[oprsu]_|_pat_|lpat-|A[KS]IA|xox[abeoprs]-|AIza|npm_|SG\.|shp[acps][ats]_|sk-[aps]|do[oprt]_v1_|hf_|ya29\.|xapp-|oks\.slack|ebhooks\/\d|\/bot\d|machine\s|:_auth|:_pass|earer|EARER|asic\s|ASIC\s/;

const SCHEME = /^(bearer|basic)(\s+)(.*)$/i;

/** Returns false if a text contains no secret that is recognized by its form: a cheap first test. */
export function mayHoldShapes(text: string): boolean {
  return text.length >= SHORTEST && HINT.test(text);
}

/** Tells whether a text without assignments is long, and begins to match where the patterns of URLs and shapes are slow. */
export function mayTakeLong(text: string): boolean {
  return text.length >= LONG_TEXT && (/[?#@]/.test(text) || mayHoldShapes(text));
}

const LONG_TEXT = 1024;

/** Replaces secrets that are recognized by their form by `[Filtered]`: tokens, private keys, HTTP authentication. */
export function withoutShapes(text: string): string {
  if (!mayHoldShapes(text)) return text;
  return text
    .replace(SHAPES, shownShape)
    .replace(PATHS, `$1$2$3${FILTERED}`)
    .replace(LOGINS, shownLogin)
    .replace(WEB_TOKENS, (found, rest?: string) => (rest === undefined ? found : FILTERED));
}

/** Length of the shortest secret that is recognized: `Bearer` with a short token. */
const SHORTEST = 17;

// The word after the name of npm's setting may be prose: `//registry/:_authToken is missing`.
function shownLogin(...match: (string | undefined)[]): string {
  const [found = "", machine, setting = "", value = ""] = match;
  if (machine !== undefined) return machine + FILTERED;
  return /\d|[a-z][A-Z]/.test(value) ? setting + FILTERED : found;
}

function shownShape(found: string): string {
  const [, scheme, space, value = ""] = SCHEME.exec(found) ?? [];
  if (scheme === undefined) return FILTERED;
  const isSecret = scheme.toLowerCase() === "basic" ? isLogin(value) : isBearer(value);
  return isSecret ? `${scheme}${space}${FILTERED}` : found;
}

// Tells whether the word after `Basic` is base64 of `user:password`, which it is not in "Basic authentication".
function isLogin(value: string): boolean {
  return (
    /^[A-Za-z\d+/]+=*$/.test(value) &&
    /^[ -~]*:[ -~]*$/.test(Buffer.from(value, "base64").toString("latin1"))
  );
}

// Tells whether the word after `Bearer` has a digit, which it has not in "bearer authentication". A short word must have
// a letter between two digits: "Bearer OAuth2Token" is prose.
function isBearer(value: string): boolean {
  return value.length >= 16 ? /\d/.test(value) : value.length >= 10 && /\d.*[a-z].*\d/i.test(value);
}
