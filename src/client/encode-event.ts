/**
 * JSON of an event that hooks may have changed. Strings and keys are made well-formed: Relay refuses
 * an event with a lone surrogate. Throws for what JSON cannot hold.
 */
export function encodeEvent(event: object): string {
  return JSON.stringify(event, (_key, value: unknown) => {
    if (typeof value === "string") return value.toWellFormed();
    return typeof value === "object" && value !== null && !Array.isArray(value)
      ? withWellFormedKeys(value)
      : value;
  });
}

function withWellFormedKeys(value: object): object {
  if (Object.keys(value).every((key) => key.isWellFormed())) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, member]) => [key.toWellFormed(), member as unknown]),
  );
}
