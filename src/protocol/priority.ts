import type { DataCategory } from "./data-category.js";

// Check-ins have a lane of their own: a flood of errors must not evict the end of a job, which would be a false alarm.
const PRIORITY: Readonly<Record<DataCategory, number>> = {
  monitor: 0,
  session: 1,
  error: 1,
  feedback: 2,
  transaction: 3,
  span: 4,
  attachment: 5,
  default: 5,
  internal: 5,
  log_byte: 5,
  log_item: 5,
  trace_metric: 5,
};

/** Number of priorities, in memory and on disk. */
export const PRIORITIES = 6;

/** Priority of items of a category: 0 is sent first and evicted last. */
export function priorityOf(category: DataCategory): number {
  return PRIORITY[category];
}

/** Tells whether a text names a category that this version knows. */
export function isDataCategory(text: string): text is DataCategory {
  return Object.hasOwn(PRIORITY, text);
}
