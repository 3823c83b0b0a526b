import { readFileSync, readdirSync, readlinkSync } from "node:fs";
import { queryObjects, setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";

setFlagsFromString("--expose-gc");
const collectGarbage = runInNewContext("gc");

// The class has no public name. Timers that do not keep the process alive are in no list of Node's,
// and those that were cleared but are still held are in none at all: so the heap is asked.
const Timeout = setTimeout(() => {}, 0).constructor;

const FILE_DESCRIPTORS = "/proc/self/fd";

/** What is watched, in the order of the table. */
export const GAUGES = ["heapUsed", "rss", "sockets", "timers", "resources", "fds", "spoolFiles"];

/**
 * Looks at this process after a forced collection. Linux only.
 * @param {{ port: number; spoolDirectory: string }} subject
 * @returns {Record<string, number>}
 */
export function look({ port, spoolDirectory }) {
  const timers = queryObjects(Timeout);
  collectGarbage();
  const descriptors = linksOf(readdirSync(FILE_DESCRIPTORS));
  const { heapUsed, rss } = process.memoryUsage();
  return {
    heapUsed,
    rss,
    sockets: socketsTo(port, descriptors),
    timers,
    resources: process.getActiveResourcesInfo().length,
    fds: descriptors.length,
    spoolFiles: filesIn(spoolDirectory),
  };
}

// The one of the directory itself is gone by now.
function linksOf(names) {
  return names.flatMap((name) => {
    try {
      return [readlinkSync(`${FILE_DESCRIPTORS}/${name}`)];
    } catch {
      return [];
    }
  });
}

function socketsTo(port, descriptors) {
  const suffix = `:${port.toString(16).toUpperCase().padStart(4, "0")}`;
  const held = new Set(descriptors);
  return readFileSync("/proc/net/tcp", "latin1")
    .split("\n")
    .map((line) => line.trim().split(/\s+/u))
    .filter((columns) => columns[2]?.endsWith(suffix) && held.has(`socket:[${columns[9]}]`)).length;
}

function filesIn(directory) {
  try {
    return readdirSync(directory).length;
  } catch {
    return 0;
  }
}
