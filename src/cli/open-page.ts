import { spawn } from "node:child_process";

interface Opener {
  readonly command: string;
  readonly args: readonly string[];
}

/** Returns the command with which a platform opens an address in its browser. */
export function openerOf(platform: NodeJS.Platform, url: string): Opener {
  if (platform === "darwin") return { command: "open", args: [url] };
  // `start` would need a shell, and its rules of quoting.
  if (platform === "win32")
    return { command: "rundll32", args: ["url.dll,FileProtocolHandler", url] };
  return { command: "xdg-open", args: [url] };
}

/** Opens an address in the browser; calls back when that failed. Never throws. */
export function openPage(url: string, onFailure: (reason: string) => void): void {
  const { command, args } = openerOf(process.platform, url);
  const child = spawn(command, args, { stdio: "ignore", detached: true });
  child.on("error", (error) => onFailure(error.message));
  child.on("exit", (code) => {
    if (code !== null && code !== 0) onFailure(`${command} ended with exit code ${code}`);
  });
  child.unref();
}
