// A string, or one of the characters that open, close and separate.
const TOKEN = /"(?:[^"\\]|\\.)*"|[{}[\]:,]/gs;

/**
 * The first key that an object's JSON text has twice, at its top level. `JSON.parse` keeps the last
 * one silently; Relay rejects an envelope whose header repeats one.
 */
export function repeatedKey(json: string): string | undefined {
  const seen = new Set<string>();
  let depth = 0;
  let lastString = "";
  for (const [token] of json.matchAll(TOKEN)) {
    if (token === "{" || token === "[") depth += 1;
    else if (token === "}" || token === "]") depth -= 1;
    else if (token.startsWith('"')) lastString = token;
    else if (token === ":" && depth === 1) {
      // Unescaped, so that two spellings of one key are one.
      const key = String(JSON.parse(lastString));
      if (seen.has(key)) return key;
      seen.add(key);
    }
  }
  return undefined;
}
