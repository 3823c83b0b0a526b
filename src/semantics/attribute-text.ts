/** The value when it is text with something in it. Attribute values may be of any type. */
export function text(value: unknown): string | undefined {
  return typeof value === "string" && value !== "" ? value : undefined;
}

/** Joins up to `most` names and says how many were left out: `a, b, +3`. */
export function listed(names: readonly string[], most: number): string {
  if (names.length <= most) return names.join(", ");
  return `${names.slice(0, most).join(", ")}, +${names.length - most}`;
}

/** The texts of a value that is a text or a list; everything else in a list is left out. */
export function texts(value: unknown): readonly string[] {
  if (typeof value === "string") return value === "" ? [] : [value];
  return Array.isArray(value) ? value.filter((entry) => typeof entry === "string") : [];
}
