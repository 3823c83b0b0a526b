import type { DataCategory, DiscardReason } from "../../src/protocol/data-category.js";

/** How the fault server is started. */
export interface FaultServerOptions {
  /** Address to listen on; default `127.0.0.1`. All of 127.0.0.0/8 works on Linux. */
  readonly host?: string;
  /** Default: a free one below those that the kernel gives to outgoing connections. */
  readonly port?: number;
  /** Speaks TLS with this certificate of `fixtures/`; each is signed by `fixtures/ca.pem`. */
  readonly tls?: CertificateName;
  /** Has a process of its own, which can be paused. Default: all servers of a test file share one. */
  readonly ownProcess?: boolean;
  /** Event ids that are remembered, oldest forgotten first, so that memory stays bounded; default 200,000. */
  readonly rememberedIds?: number;
}

/** `good` is for `localhost` and 127.0.0.1, `wrong-host` for `ingest.example.com`. */
export type CertificateName = "expired" | "good" | "wrong-host";

/** What the server does from now on. What no rule matches is accepted, and connections are kept. */
export interface FaultScript {
  /** The first rule that matches decides. */
  readonly connections?: readonly ConnectionRule[];
  /** The first rule that matches decides. A rule with a `category` needs the whole body first. */
  readonly requests?: readonly RequestRule[];
  /** What happens to connections that have been idle; counts from their next answer on. */
  readonly idle?: IdleRule;
}

/** Which connections, and what happens to them. Counted from 1, since the script was set. */
export interface ConnectionRule {
  readonly nth?: number | readonly number[];
  /** It matches so often at most. */
  readonly times?: number;
  readonly do: ConnectionAction;
}

export type ConnectionAction =
  | { readonly kind: "accept" }
  /** Nothing is read, not even a TLS greeting, and nothing is answered. */
  | { readonly kind: "never-read" }
  | { readonly kind: "fin" | "rst"; readonly afterMillis?: number }
  /** Bytes that nobody asked for, then FIN. Default: the banner of an SSH server. */
  | { readonly kind: "garbage"; readonly bytes?: string };

/** Idle since the last answer, or since the connection was made. */
export interface IdleRule {
  readonly afterMillis: number;
  /** `half-close` sends FIN, but processes what arrives after it, and cannot answer it. */
  readonly by: "fin" | "half-close" | "rst";
}

/** Which requests, and what happens to them. All numbers count from 1, since the script was set. */
export interface RequestRule {
  readonly nth?: number | readonly number[];
  /** Requests up to this one. */
  readonly upTo?: number;
  readonly nthOnConnection?: number;
  /** The second one of a connection, and those after it. */
  readonly onReused?: boolean;
  /** Of the envelope's first item. */
  readonly category?: DataCategory;
  /** It matches so often at most. */
  readonly times?: number;
  readonly do: RequestAction;
}

/** How far a request is read before something happens. Default `body`: it was read whole. */
export type RequestPoint = "body" | "head" | { readonly bodyBytes: number };

/**
 * An envelope counts as processed when its whole body was read and `process` holds. Default: where
 * the answer has a status of 200 to 299; without an answer it is not processed.
 */
export type RequestAction =
  | RespondAction
  /** The connection ends before an answer. */
  | {
      readonly kind: "fin" | "rst";
      readonly at?: RequestPoint;
      readonly afterMillis?: number;
      readonly process?: boolean;
    }
  /** The request is read and never answered. */
  | { readonly kind: "stall"; readonly process?: boolean }
  /** The connection is not read any more once the head has come, and stays open. */
  | { readonly kind: "black-hole" }
  /** The head of an answer and a part of its body, then the end. */
  | {
      readonly kind: "headers-then";
      readonly ending: "fin" | "rst" | "stall";
      /** `chunked` lacks its last chunk, `length` has less than was announced. Default `length`. */
      readonly body?: "chunked" | "length";
      readonly status?: number;
      readonly headers?: Readonly<Record<string, string>>;
      /** Between head and end; default 20, so that the client reads the head first. */
      readonly afterMillis?: number;
      readonly process?: boolean;
    }
  /** The body is read late or slowly; then comes the answer. */
  | {
      readonly kind: "slow-read";
      /** Before anything but the head is read. */
      readonly startMillis?: number;
      readonly bytesPerSecond?: number;
      readonly answer?: RespondAction;
    }
  /** Bytes that are no HTTP, then FIN. Default: the banner of an SSH server. */
  | { readonly kind: "garbage"; readonly bytes?: string; readonly process?: boolean }
  /** For CONNECT: becomes a tunnel; it is reset once so many bytes have gone through it. */
  | { readonly kind: "tunnel"; readonly resetAfterBytes?: number };

export interface RespondAction {
  readonly kind: "respond";
  /** Default 200. */
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string>>;
  /** Default: the receipt that Relay gives. A 204 has none. */
  readonly body?: string;
  /** Between the end of the request and the answer. */
  readonly delayMillis?: number;
  /** Answers with 1xx status codes before the real one. */
  readonly informational?: readonly number[];
  /** `http10` answers as HTTP/1.0 without a length and ends the connection; `close` announces the end. */
  readonly connection?: "close" | "http10" | "keep-alive";
  /** Ends the connection right behind the answer, unannounced. `half-close` as for `IdleRule`. */
  readonly ending?: IdleRule["by"];
  readonly process?: boolean;
}

/** Quantities by category, as client reports count them: a transaction is also its spans. */
export type Quantities = Partial<Record<DataCategory, number>>;

/** What the server has seen since its start. Times are on the monotonic clock of the machine. */
export interface ServerReport {
  readonly connections: {
    readonly opened: number;
    readonly open: number;
    readonly peak: number;
    /** Ended by a script or a command here, by RST. */
    readonly reset: number;
    /** How many connections had how many requests. */
    readonly byRequests: Readonly<Record<string, number>>;
  };
  readonly requests: {
    readonly begun: number;
    /** Read to the end of their body, whatever happened then. */
    readonly whole: number;
    /** Of these, for which an answer was written. */
    readonly answered: number;
  };
  readonly bytes: {
    readonly received: number;
    /** Bodies of processed envelopes after decompression. */
    readonly decoded: number;
  };
  /** Processed envelopes, repeated ones included. */
  readonly envelopes: number;
  /** Processed items by type, repeated ones included. */
  readonly items: Readonly<Record<string, number>>;
  readonly events: {
    /** Ids that were processed. */
    readonly unique: number;
    /** Times that an id was processed once more. */
    readonly duplicates: number;
    /** Of these, where the payload was not the same, byte for byte. */
    readonly differing: number;
    /** Ids that were processed and never answered. */
    readonly unanswered: number;
    /** Most times that one id was read whole, processed or not. */
    readonly maxAttempts: number;
    /** Ids that are too long ago to be remembered. */
    readonly forgotten: number;
  };
  /** What was processed, each id once. */
  readonly processed: Quantities;
  /** What was processed and never answered, each id once. */
  readonly unanswered: Quantities;
  /** What was answered with 429. */
  readonly limited: Quantities;
  readonly reports: {
    /** Client report items that were processed. */
    readonly count: number;
    /** Of these, in envelopes whose id had been processed before. */
    readonly repeated: number;
    /** Summed up over all but the repeated ones. */
    readonly quantities: Readonly<
      Partial<Record<DataCategory, Partial<Record<DiscardReason, number>>>>
    >;
  };
  /** What was malformed; the first 20. */
  readonly faults: readonly string[];
  readonly firstRequestAt: number | undefined;
  readonly lastRequestAt: number | undefined;
}

/** What became of one event id. */
export interface SeenEvent {
  /** Read whole, processed or not. */
  readonly attempts: number;
  readonly processed: number;
  readonly answered: number;
  /** SHA-1 of the item as it was processed first: header and payload. */
  readonly hash: string | undefined;
}

/** How the server is restarted. */
export interface RestartOptions {
  /** How long nothing listens; default 0. */
  readonly downMillis?: number;
}

/** The calls that the server process answers. */
export interface FaultServerCalls {
  start(options: FaultServerOptions): { port: number };
  script(script: FaultScript): void;
  report(): ServerReport;
  /** The remembered ids. */
  events(): Record<string, SeenEvent>;
  /** When requests began, the last 100,000. */
  arrivals(): number[];
  stopListening(): void;
  listen(): void;
  /** RST for all connections, stop, and listen again on the same port; resolves then. */
  restart(options: RestartOptions): void;
  resetConnections(): void;
  /** The present connections are neither read nor answered any more, and stay open. */
  freezeConnections(): void;
  /** Stops, and closes all connections as the end of a process does. */
  end(): void;
}

export type CallName = keyof FaultServerCalls;

/** From the test to the server process. */
export interface CallMessage {
  readonly id: number;
  /** Number of the server in its process. */
  readonly server: number;
  readonly call: CallName;
  readonly argument: unknown;
}

/** And back. */
export interface ReplyMessage {
  readonly id: number;
  readonly result?: unknown;
  readonly error?: string;
}
