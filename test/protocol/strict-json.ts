/** Returns the duplicate keys of all objects in a JSON text. */
export function repeatedKeys(json: string): string[] {
  const repeated: string[] = [];
  const open: Set<string>[] = [];
  let lastString = "";
  for (let at = 0; at < json.length; at++) {
    const sign = json[at];
    if (sign === "{" || sign === "[") open.push(new Set());
    else if (sign === "}" || sign === "]") open.pop();
    else if (sign === '"') {
      const end = endOfString(json, at);
      lastString = json.slice(at, end + 1);
      at = end;
    } else if (sign === ":") {
      // Unescaped, so that two spellings of a key are equal.
      const key = String(JSON.parse(lastString));
      if (open.at(-1)?.has(key) === true) repeated.push(key);
      open.at(-1)?.add(key);
    }
  }
  return repeated;
}

// By hand: a regular expression runs out of stack for texts of megabytes.
function endOfString(json: string, start: number): number {
  for (let at = start + 1; at < json.length; at++) {
    if (json[at] === "\\") at++;
    else if (json[at] === '"') return at;
  }
  return json.length;
}

/** Returns the strings and keys of a parsed value that are not well-formed: Relay rejects lone surrogates. */
export function illFormedTexts(value: unknown): string[] {
  if (typeof value === "string") return value.isWellFormed() ? [] : [value];
  if (typeof value !== "object" || value === null) return [];
  if (Array.isArray(value)) return value.flatMap((field) => illFormedTexts(field));
  return Object.entries(value).flatMap(([key, field]) => [
    ...illFormedTexts(key),
    ...illFormedTexts(field),
  ]);
}
