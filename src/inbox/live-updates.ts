import type { OutgoingHttpHeaders, ServerResponse } from "node:http";

import type { Inbox, InboxChange } from "./inbox.js";
import type { TraceSummary } from "./trace-record.js";

/** Pages that may be connected at one time. */
const MAX_WATCHERS = 20;

// Changes within this time are sent together, so that the page is not redrawn for each envelope.
const BATCH_MILLIS = 100;
// Interval of keep-alive comments, because proxies and browsers close an idle connection.
const KEEP_ALIVE_MILLIS = 15_000;
// A page that does not read its data is disconnected. It reconnects and receives the whole content.
const MAX_UNREAD_BYTES = 4 * 1024 * 1024;

/** Sends changes of the inbox to open pages, as server-sent events. */
export class LiveUpdates {
  readonly #inbox: Inbox;
  readonly #watchers = new Set<ServerResponse>();
  readonly #changed = new Set<string>();
  readonly #evicted = new Set<string>();
  #timer: NodeJS.Timeout | undefined;
  readonly #keepAlive: NodeJS.Timeout;

  constructor(inbox: Inbox) {
    this.#inbox = inbox;
    inbox.watch((change) => this.#note(change));
    this.#keepAlive = setInterval(() => this.#send(":\n\n"), KEEP_ALIVE_MILLIS).unref();
  }

  /** Sends the whole content, then every change. Returns false if too many pages are connected. */
  connect(response: ServerResponse, headers: OutgoingHttpHeaders): boolean {
    if (this.#watchers.size >= MAX_WATCHERS) return false;
    response.writeHead(200, { ...headers, "content-type": "text/event-stream" });
    response.on("close", () => this.#watchers.delete(response));
    this.#watchers.add(response);
    // The browser reconnects after this time.
    response.write(`retry: 1000\n\n${this.#everything()}`);
    return true;
  }

  close(): void {
    clearInterval(this.#keepAlive);
    clearTimeout(this.#timer);
    for (const watcher of this.#watchers) watcher.end();
    this.#watchers.clear();
  }

  #note({ changed, evicted, isCleared }: InboxChange): void {
    if (this.#watchers.size === 0) return;
    if (isCleared) return this.#send(this.#everything());
    for (const id of changed) this.#changed.add(id);
    for (const id of evicted) this.#evicted.add(id);
    this.#timer ??= setTimeout(() => this.#sendChanges(), BATCH_MILLIS).unref();
  }

  #sendChanges(): void {
    this.#timer = undefined;
    const traces = [...this.#changed].flatMap((id) => this.#inbox.summary(id) ?? []);
    const evicted = [...this.#evicted].filter((id) => this.#inbox.trace(id) === undefined);
    this.#changed.clear();
    this.#evicted.clear();
    this.#send(eventOf("change", { traces, evicted, counts: this.#inbox.counts() }));
  }

  #everything(): string {
    const traces: TraceSummary[] = this.#inbox.summaries();
    return eventOf("everything", { traces, counts: this.#inbox.counts() });
  }

  #send(text: string): void {
    for (const watcher of this.#watchers) {
      watcher.write(text);
      if (watcher.writableLength > MAX_UNREAD_BYTES) watcher.destroy();
    }
  }
}

// JSON text has no line breaks, so it fits into one line of the event.
function eventOf(name: string, data: unknown): string {
  return `event: ${name}\ndata: ${JSON.stringify(data)}\n\n`;
}
