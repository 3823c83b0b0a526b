import { spawn } from "node:child_process";
import { once } from "node:events";

import { startInboxServer } from "../inbox/inbox-server.js";
import type { InboxServer } from "../inbox/inbox-server.js";
import { Inbox } from "../inbox/inbox.js";
import type { Arrival } from "../inbox/views.js";
import { itemLines } from "./print-items.js";
import { printTrace, lineSettingsOf } from "./print-trace.js";
import { EXIT_FAILED, EXIT_OK, UsageError } from "./terminal.js";
import type { Terminal } from "./terminal.js";
import { TraceGroups } from "./trace-groups.js";

/** Differs from Spotlight's port (8969), so that both can run. */
export const DEFAULT_INBOX_PORT = "8970";
const MAX_PORT = 65_535;

/** Options of the `inbox` command. */
export interface InboxOptions {
  readonly port?: string | undefined;
  /** Opens the page in the browser. */
  readonly open?: boolean | undefined;
  /** Called once the server listens. */
  readonly whenListening?: ((server: InboxServer) => Promise<VisitEnd>) | undefined;
}

/** Result of `whenListening`. */
interface VisitEnd {
  /** Lines printed below the traces that have arrived. */
  readonly lines: readonly string[];
  /** True to end the command instead of waiting for a signal. */
  readonly ends: boolean;
}

/** Shows what a server on the loopback interface receives, in the terminal and on a page, until SIGINT or SIGTERM. Resolves to the exit code. */
export async function runInbox(options: InboxOptions, terminal: Terminal): Promise<number> {
  const port = portOf(options.port ?? DEFAULT_INBOX_PORT);
  const inbox = new Inbox();
  let server: InboxServer;
  try {
    server = await startInboxServer(inbox, port);
  } catch (error) {
    terminal.complain(
      `The inbox cannot listen on port ${port}: ${String(error)}. An inbox may be running already: use it, or choose another port with --port.`,
    );
    return EXIT_FAILED;
  }
  const groups = new TraceGroups({ print: (trace) => printTrace(trace, terminal) });
  inbox.watch(({ arrivals }) => show(arrivals, { groups, terminal }));
  terminal.print(`Page:  ${server.url}`);
  terminal.print(`Listening. Start your application with SENTRY_DSN=${server.dsn}`);
  if (options.open === true) openInBrowser(server.url, terminal);
  const visit = await options.whenListening?.(server);
  if (visit !== undefined) {
    groups.flush();
    for (const line of visit.lines) terminal.print(line);
  }
  if (visit?.ends !== true) await Promise.race([once(process, "SIGINT"), once(process, "SIGTERM")]);
  groups.flush();
  await server.close();
  return EXIT_OK;
}

function show(
  arrivals: readonly Arrival[],
  { groups, terminal }: { groups: TraceGroups; terminal: Terminal },
): void {
  for (const arrival of arrivals) {
    if (arrival.kind === "spans" || arrival.kind === "error") groups.add(arrival);
  }
  for (const line of itemLines(arrivals, lineSettingsOf(terminal))) terminal.print(line);
}

function openInBrowser(url: string, terminal: Terminal): void {
  openPage(url, (reason) =>
    terminal.complain(`The browser could not be opened (${reason}). Open ${url} yourself.`),
  );
}

function portOf(text: string): number {
  const port = Number(text);
  if (/^\d+$/.test(text) && port <= MAX_PORT) return port;
  throw new UsageError(
    `--port must be a number from 0 to ${MAX_PORT}; got ${JSON.stringify(text)}`,
  );
}

interface Opener {
  readonly command: string;
  readonly args: readonly string[];
}

/** Returns the command that opens a URL in the browser. */
export function browserOpener(platform: NodeJS.Platform, url: string): Opener {
  if (platform === "darwin") return { command: "open", args: [url] };
  // `start` would need a shell and quoting.
  if (platform === "win32")
    return { command: "rundll32", args: ["url.dll,FileProtocolHandler", url] };
  return { command: "xdg-open", args: [url] };
}

/** Opens a URL in the browser; calls `onFailure` if that fails. Never throws. */
function openPage(url: string, onFailure: (reason: string) => void): void {
  const { command, args } = browserOpener(process.platform, url);
  const child = spawn(command, args, { stdio: "ignore", detached: true });
  child.on("error", (error) => onFailure(error.message));
  child.on("exit", (code) => {
    if (code !== null && code !== 0) onFailure(`${command} ended with exit code ${code}`);
  });
  child.unref();
}
