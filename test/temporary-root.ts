import { statfsSync } from "node:fs";
import { tmpdir } from "node:os";

const MEMORY = "/dev/shm";

/** Returns the file system in memory where there is one with that much room, as on Linux; else the folder for temporary files. */
export function temporaryRoot(neededBytes: number): string {
  try {
    const { bavail, bsize } = statfsSync(MEMORY);
    return bavail * bsize > neededBytes ? MEMORY : tmpdir();
  } catch {
    return tmpdir();
  }
}
