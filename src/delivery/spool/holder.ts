import { attempt, errorCode } from "../../support/foreign.js";
import type { SpoolFiles } from "./spool-files.js";
import { nodeCrypto } from "../../support/built-ins.js";

/** Identifies this process to others that share the directory, and checks whether those are still running. */
export interface Holder {
  /** Part of the names of the files that this process writes or sends. */
  readonly tag: string;
  /** Tells whether the process with a tag is known to have ended; false if that is unknown. */
  isGone(tag: string): boolean;
}

// Used if the start time is unknown; it then goes unnoticed if a process id is reused.
const UNKNOWN_START = "0";

/**
 * Determines the identity of this process. Throws if it cannot be read because file descriptors or memory are
 * exhausted.
 */
export function createHolder(files: SpoolFiles, pid: number = process.pid): Holder {
  const host = hostOf(files);
  const start = startOf(files, pid, unlessShort) ?? UNKNOWN_START;
  const canTellStart = start !== UNKNOWN_START;

  return {
    tag: `${host}.${pid}.${start}`,
    isGone(tag) {
      const [otherHost, otherPid, otherStart] = tag.split(".");
      if (otherHost !== host) return false;
      if (!canTellStart) return !isAlive(Number(otherPid));
      const running = startOf(files, Number(otherPid), orUndefined);
      // Procfs may hide the processes of other users; sending signal 0 shows whether they are alive.
      return running === undefined ? !isAlive(Number(otherPid)) : running !== otherStart;
    },
  };
}

// Containers may share a host name and process ids, but their pid namespaces differ. The boot id distinguishes machines
// that share a volume.
function hostOf(files: SpoolFiles): string {
  const namespace = unlessShort(() => files.readLinkSync("/proc/self/ns/pid"));
  const boot = unlessShort(() =>
    files.readSync("/proc/sys/kernel/random/boot_id").toString("latin1"),
  );
  const { hostname } = process.getBuiltinModule("node:os");
  const identity = JSON.stringify([hostname(), namespace, boot]);
  return nodeCrypto().createHash("sha256").update(identity).digest("hex").slice(0, 16);
}

// Returns the start time: field 22 of /proc/<pid>/stat, https://man7.org/linux/man-pages/man5/proc_pid_stat.5.html. The
// process name in front of it may contain spaces and parentheses. A zombie (state Z or X) counts as ended.
function startOf(files: SpoolFiles, pid: number, read: Attempt): string | undefined {
  const stat = read(() => files.readSync(`/proc/${pid}/stat`).toString("latin1"));
  const fields = stat?.slice(stat.lastIndexOf(")") + 2).split(" ");
  if (fields === undefined) return undefined;
  return fields[0] === "Z" || fields[0] === "X" ? "ended" : fields[19];
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return errorCode(error) !== "ESRCH";
  }
}

type Attempt = <T>(run: () => T) => T | undefined;

function orUndefined<T>(run: () => T): T | undefined {
  return attempt<T | undefined>(run, undefined);
}

const SHORTAGES: ReadonlySet<unknown> = new Set(["EMFILE", "ENFILE", "ENOMEM"]);

// Rethrows an error that means a shortage: the tag is kept for the lifetime of the process, and with a wrong one its
// files would appear to be those of another machine.
function unlessShort<T>(run: () => T): T | undefined {
  try {
    return run();
  } catch (error) {
    if (SHORTAGES.has(errorCode(error))) throw error;
    return undefined;
  }
}
