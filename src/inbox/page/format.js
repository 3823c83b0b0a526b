/** @param {number} millis */
export function duration(millis) {
  if (millis >= 60_000)
    return `${Math.floor(millis / 60_000)} min ${Math.round((millis % 60_000) / 1000)} s`;
  if (millis >= 1000) return `${(millis / 1000).toFixed(2)} s`;
  return `${millis >= 100 ? Math.round(millis) : Number(millis.toPrecision(2))} ms`;
}

/** @param {number} at Milliseconds since the epoch. */
export function clock(at) {
  const date = new Date(at);
  return Number.isNaN(date.getTime()) || at === 0
    ? ""
    : date.toLocaleTimeString([], { hour12: false });
}

/** @param {number} count @param {string} noun */
export function counted(count, noun) {
  return `${count.toLocaleString("en")} ${noun}${count === 1 ? "" : "s"}`;
}

/** @param {readonly (readonly [string, string])[]} pairs */
export function inline(pairs) {
  return pairs.map(([key, value]) => `${key}=${value}`).join("  ");
}

const HUES = 8;
/** @type {Map<string, number>} */
const hues = new Map();

/**
 * Returns the CSS class of a service's colour. Services get colours in the order in which they appear.
 *
 * @param {string} service
 */
export function hueOf(service) {
  const hue = hues.get(service) ?? hues.size % HUES;
  hues.set(service, hue);
  return `hue${hue}`;
}
