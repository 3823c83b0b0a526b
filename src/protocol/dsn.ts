import { OptionsError } from "./errors.js";

/** A Data Source Name, taken apart. */
export interface Dsn {
  readonly protocol: "http" | "https";
  readonly publicKey: string;
  readonly secretKey: string | undefined;
  /** Host name, IPv4 or bracketed IPv6, without the port. */
  readonly host: string;
  readonly port: string;
  /** Path before the project id, with a leading and no trailing slash, or "". */
  readonly path: string;
  readonly projectId: string;
  /** Digits of a leading `o123.` host label. */
  readonly orgId: string | undefined;
}

const DSN_PATTERN =
  /^(?<protocol>https?):\/\/(?<publicKey>\w+)(?::(?<secretKey>\w*))?@(?<host>\[[\w:.%]+\]|[\w.-]+)(?::(?<port>\d+))?(?<path>\/.*)?\/(?<projectId>\d+)\/?$/;

/** Parses a DSN (protocol reference: grammar of DSNs). Throws `OptionsError` when it is malformed. */
export function parseDsn(text: string): Dsn {
  const groups = DSN_PATTERN.exec(text.trim())?.groups;
  if (groups === undefined) {
    throw new OptionsError({
      option: "dsn",
      expected: "must look like https://<public key>@<host>/<project id>",
      received: redactDsn(text),
    });
  }
  return {
    protocol: groups["protocol"] === "http" ? "http" : "https",
    publicKey: groups["publicKey"] ?? "",
    secretKey: groups["secretKey"] || undefined,
    host: groups["host"] ?? "",
    port: groups["port"] ?? "",
    path: groups["path"] ?? "",
    projectId: groups["projectId"] ?? "",
    orgId: /^o(\d+)\./.exec(groups["host"] ?? "")?.[1],
  };
}

/** `https://host:port`, what a connection pool is opened to. */
export function dsnOrigin(dsn: Dsn): string {
  return `${dsn.protocol}://${dsn.host}${dsn.port === "" ? "" : `:${dsn.port}`}`;
}

/** Path of the envelope endpoint. */
export function envelopePath(dsn: Dsn): string {
  return `${dsn.path}/api/${dsn.projectId}/envelope/`;
}

/** Value of the `X-Sentry-Auth` header. */
export function authHeader(dsn: Dsn, client: string): string {
  const secret = dsn.secretKey === undefined ? "" : `, sentry_secret=${dsn.secretKey}`;
  return `Sentry sentry_version=7, sentry_client=${client}, sentry_key=${dsn.publicKey}${secret}`;
}

/** The DSN as text without its secret: what a tunnel is told, and what a log may show. */
export function publicDsn(dsn: Dsn): string {
  return `${dsn.protocol}://${dsn.publicKey}@${dsn.host}${dsn.port === "" ? "" : `:${dsn.port}`}${dsn.path}/${dsn.projectId}`;
}

function redactDsn(text: string): string {
  return text.replace(/:(?!\/\/).*@/s, ":[Filtered]@");
}
