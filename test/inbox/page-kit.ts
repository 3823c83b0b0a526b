/** Text that is markup, a script, and a change of direction. */
export const ATTACK = `<img src=x onerror="window.hacked=1"><script>window.hacked=1</script>\u{202E}javascript:alert(1)`;

/** Returns the relative luminance of `rgb(r, g, b)` by WCAG 2.2. */
export function luminanceOf(colour: string): number {
  const [r = 0, g = 0, b = 0] = (colour.match(/[\d.]+/g) ?? []).map((part) => {
    const share = Number(part) / 255;
    return share <= 0.03928 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
}

/** Puts the attack into every text of a payload, under every key but those that make it what it is. */
export function poisoned(value: unknown): unknown {
  if (typeof value === "string") return ATTACK + value;
  if (Array.isArray(value)) return value.map(poisoned);
  if (typeof value !== "object" || value === null) return value;
  const fields = Object.entries(value).map(([key, field]) =>
    ["type", "trace_id", "span_id", "parent_span_id"].includes(key)
      ? [key, field]
      : [key, poisoned(field)],
  );
  return { ...Object.fromEntries(fields), [ATTACK]: ATTACK };
}
