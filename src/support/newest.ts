/**
 * Sets an entry of a map of at most `max` entries as its newest one, and drops the oldest one where there are more: a
 * map keeps the order in which its entries were made.
 */
export function setNewest<Key, Value>(
  map: Map<Key, Value>,
  [key, value]: readonly [Key, Value],
  max: number,
): void {
  map.delete(key);
  map.set(key, value);
  if (map.size <= max) return;
  const oldest = map.keys().next();
  if (oldest.done !== true) map.delete(oldest.value);
}
