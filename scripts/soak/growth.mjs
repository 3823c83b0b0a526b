// Room for noise: it grows when the last third's median is above the first's by more than this.
const MARGINS = {
  heapUsed: { share: 0.08, least: 1.5e6 },
  rss: { share: 0.2, least: 25e6 },
  sockets: { share: 0, least: 3 },
  timers: { share: 0.2, least: 15 },
  resources: { share: 0, least: 4 },
  fds: { share: 0, least: 5 },
  // How many wait depends on the faults before: they are held against their bound instead.
  spoolFiles: { share: 0, least: Infinity },
};

// In fewer looks a trend cannot be told from noise.
const LEAST_LOOKS = 6;
const WARM_UP_SHARE = 0.2;

/** @typedef {{ first: number; last: number; most: number; isGrowing: boolean }} Trend */

/**
 * How a gauge has moved: the median of the first third after the warm-up against that of the last.
 * @param {string} gauge
 * @param {readonly number[]} values in the order of the looks
 * @returns {Trend}
 */
export function trendOf(gauge, values) {
  const warm = values.slice(Math.floor(values.length * WARM_UP_SHARE));
  const third = Math.ceil(warm.length / 3);
  const [first, middle, last] = [
    warm.slice(0, third),
    warm.slice(third, -third),
    warm.slice(-third),
  ].map(median);
  const { share, least } = MARGINS[gauge];
  const isAbove = last - first > Math.max(least, first * share);
  // A single step, up or down, is not a trend.
  const isSteady = first <= middle && middle <= last;
  return {
    first,
    last,
    most: Math.max(...values),
    isGrowing: warm.length >= LEAST_LOOKS && isAbove && isSteady,
  };
}

function median(values) {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN;
}
