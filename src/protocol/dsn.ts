import { OptionsError } from "./errors.js";

/** The parts of a DSN (Data Source Name). */
export interface Dsn {
  readonly protocol: "http" | "https";
  readonly publicKey: string;
  readonly secretKey: string | undefined;
  /** Host name, IPv4 or bracketed IPv6, without the port. */
  readonly host: string;
  readonly port: string;
  /** Path before the project id, with a leading slash and without a trailing one; "" if there is none. */
  readonly path: string;
  readonly projectId: string;
  /** The digits of a leading `o123.` label of the host; undefined if it has none. */
  readonly orgId: string | undefined;
}

const DSN_PATTERN =
  /^(?<protocol>[Hh][Tt]{2}[Pp][Ss]?):\/\/(?<publicKey>\w+)(?::(?<secretKey>\w*))?@(?<host>\[[\w:.%]+\]|[\w.-]+)(?::(?<port>\d+))?(?<path>\/[\w\-.~!$&'()*+,;=:@%/]*)?\/(?<projectId>\d+)\/?$/;

// Far longer than any real DSN, and short enough for the pattern to run fast.
const MAX_LENGTH = 2000;

/**
 * Parses a DSN. Throws `OptionsError` if it is malformed, or has a host or port that is not valid in a URL. The message
 * does not contain keys.
 */
export function parseDsn(text: string): Dsn {
  const groups = groupsOf(text);
  if (groups === undefined) {
    throw new OptionsError({
      option: "dsn",
      expected: `must look like https://<public key>@<host>/<project id>, but ${faultOf(text)}`,
      received: redactDsn(text),
    });
  }
  return {
    protocol: groups["protocol"]?.toLowerCase() === "http" ? "http" : "https",
    publicKey: groups["publicKey"] ?? "",
    secretKey: groups["secretKey"] || undefined,
    host: groups["host"] ?? "",
    port: groups["port"] ?? "",
    path: groups["path"] ?? "",
    projectId: groups["projectId"] ?? "",
    orgId: /^o(\d+)\./.exec(groups["host"] ?? "")?.[1],
  };
}

/** Returns the origin that connections are opened to: `https://host:port`. */
export function dsnOrigin(dsn: Dsn): string {
  return `${dsn.protocol}://${dsn.host}${dsn.port === "" ? "" : `:${dsn.port}`}`;
}

/** Returns the path of the envelope endpoint. */
export function envelopePath(dsn: Dsn): string {
  return `${dsn.path}/api/${dsn.projectId}/envelope/`;
}

/** Returns the value of the `X-Sentry-Auth` header. */
export function authHeader(dsn: Dsn, client: string): string {
  const secret = dsn.secretKey === undefined ? "" : `, sentry_secret=${dsn.secretKey}`;
  return `Sentry sentry_version=7, sentry_client=${client}, sentry_key=${dsn.publicKey}${secret}`;
}

/** Formats a DSN without its secret key, for tunnels and for logs. */
export function publicDsn(dsn: Dsn): string {
  return `${dsn.protocol}://${dsn.publicKey}@${dsn.host}${dsn.port === "" ? "" : `:${dsn.port}`}${dsn.path}/${dsn.projectId}`;
}

type Groups = Readonly<Record<string, string | undefined>>;

function groupsOf(text: string): Groups | undefined {
  const groups = text.length > MAX_LENGTH ? undefined : DSN_PATTERN.exec(text.trim())?.groups;
  return groups !== undefined && isOrigin(groups) ? groups : undefined;
}

function isOrigin({ protocol, host = "", port }: Groups): boolean {
  return (
    host !== "." && URL.canParse(`${protocol}://${host}${port === undefined ? "" : `:${port}`}`)
  );
}

// In order of precedence: the first fault that matches often causes the later ones.
const FAULTS: readonly (readonly [fault: RegExp, explanation: string])[] = [
  [/^["'`]/, "it is in quotes"],
  [/^\w+=/, "it begins with the name of a variable"],
  [/^(?!https?:\/\/)/i, "it does not begin with https:// or http://"],
  [/[\s\p{Cc}]/u, "it contains a space or a control character"],
  [/^[^@]*$/, "it has no @ after the public key"],
  [/^\w+:\/\/(?!\w+(?::\w*)?@)/, "its public key has more than letters, digits and underscores"],
  [/[?#]/, "it has a query or a fragment"],
  [/@[^/]*\/?$/, "it has no project id after the host"],
  [/\/(?!\d+\/?$)[^/]*\/?$/, "its project id, the last part of the path, is not a number"],
];

function faultOf(text: string): string {
  if (text.length > MAX_LENGTH) return `it has more than ${MAX_LENGTH} characters`;
  const fault = FAULTS.find(([pattern]) => pattern.test(text.trim()));
  return fault?.[1] ?? "its host, port or path is invalid";
}

// Hides everything that may be a key. Before the last `@` that is all text, however malformed. After it, or if there is
// no `@`, it is text after a colon unless that is a port. The scheme is shown, with a variable name or quote that was
// copied along.
function redactDsn(text: string): string {
  const at = text.lastIndexOf("@");
  const [prefix = ""] = /^\s*(?:[A-Z_]{1,30}=)?["'`]?[a-z][a-z\d+.-]{0,9}:\/\//i.exec(text) ?? [];
  const rest = text.slice(Math.max(at, prefix.length));
  const shown = rest
    .replace(/:(?!\d{1,6}(?:\/|$)|\/\/).*/s, ":[Filtered]")
    .replace(/(?<sign>[?#]).*/s, "$<sign>[Filtered]");
  return at === -1 ? prefix + shown : `${prefix}[Filtered]${shown}`;
}
