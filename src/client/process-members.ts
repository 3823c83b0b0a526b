import { hostname } from "node:os";

import { normalize } from "../normalize/normalize.js";
import type { Settings } from "../options/options.js";
import type { ProcessIdentity } from "../propagation/dsc.js";
import type { JsonRecord } from "../protocol/error-event.js";
import { resourceContexts } from "../semantics/resource-contexts.js";
import type { ResourceContexts } from "../semantics/resource-contexts.js";
import { SDK_NAME, SDK_VERSION } from "../version.js";
import type { ResourceView } from "./capture-input.js";
import { redacted } from "./redact.js";
import { knownAttributes } from "./resource-attributes.js";
import { isRecord } from "./valid-event.js";
import { withoutUnset } from "./without-unset.js";

/** What every event of a process says about it. */
export interface ProcessMembers {
  readonly release: string | undefined;
  readonly environment: string;
  readonly dist: string | undefined;
  readonly serverName: string | undefined;
  /** Attributes of the resource; undefined where none is known. */
  readonly resource: object | undefined;
  /** The same as JSON members, each with a leading comma. */
  readonly json: string;
  /** Members of `contexts` that do not change, each with a leading comma. */
  readonly contexts: string;
  /** Contexts of the machine, by the resource. A scope's context of the same name replaces one. */
  readonly machine: ResourceContexts;
  /** Each of them as a JSON member with a leading comma, by its name. */
  readonly machineJson: Readonly<Record<string, string>>;
}

/** What events say of this package (protocol: sdk interface). */
export const SDK_MEMBER: JsonRecord = Object.freeze({
  name: SDK_NAME,
  version: SDK_VERSION,
  packages: [{ name: "npm:otel-sentry-bridge", version: SDK_VERSION }],
});

const SDK_JSON = JSON.stringify(SDK_MEMBER);

const RUNTIME_JSON = `,"runtime":${JSON.stringify({ name: "node", version: process.version })}`;

/** Envelope header members about this package. */
export const SDK_HEADER_MEMBER: string = `,"sdk":${JSON.stringify({ name: SDK_NAME, version: SDK_VERSION })}`;

const RESOURCE_LIMITS = { depth: 5, totalLength: 32_768 };

const DEFAULT_ENVIRONMENT = "production";

// Length limits of the protocol's event schema.
const LIMITS = { release: 200, environment: 64, dist: 64, serverName: 256 } as const;

// Where a resource says who the process is, the current name of an attribute first.
const KEYS = {
  release: ["service.version"],
  environment: ["deployment.environment.name", "deployment.environment"],
  serverName: ["service.instance.id", "host.name"],
} as const;

type Attributes = ResourceView["attributes"];

/** What the members are made of beside a resource. */
export interface ProcessSources {
  readonly settings: Settings;
  /** Attributes that `OTEL_RESOURCE_ATTRIBUTES` and `OTEL_SERVICE_NAME` name. Default: none. */
  readonly environmentAttributes?: Attributes | undefined;
}

/**
 * Returns a function that gives the members for a resource. They are built once for each resource,
 * and again when detectors have found more of it: there is one resource per provider.
 */
export function createProcessMembers(
  sources: ProcessSources,
): (resource: ResourceView | undefined) => ProcessMembers {
  const byResource = new WeakMap<object, { pending: number; members: ProcessMembers }>();
  const withoutResource = build(sources, undefined);
  return (resource) => {
    if (resource === undefined) return withoutResource;
    const last = byResource.get(resource);
    if (last?.pending === 0) return last.members;
    const { attributes, pending } = knownAttributes(resource);
    if (last?.pending === pending) return last.members;
    const members = build(sources, attributes);
    byResource.set(resource, { pending, members });
    return members;
  };
}

/** The same members with the release and environment that a segment was announced with. */
export function withIdentity(
  members: ProcessMembers,
  identity: ProcessIdentity | undefined,
): ProcessMembers {
  if (identity === undefined) return members;
  const { release, environment } = identity;
  if (release === members.release && environment === members.environment) return members;
  return withJson({ ...members, release, environment });
}

/** All members of `contexts` that a process has, beside the application's contexts of these names. */
export function contextMembers(members: ProcessMembers, own: Readonly<object>): string {
  let text = members.contexts;
  for (const [name, member] of Object.entries(members.machineJson)) {
    if (!Object.hasOwn(own, name)) text += member;
  }
  return text;
}

function build(
  { settings, environmentAttributes = {} }: ProcessSources,
  resource: Attributes | undefined,
): ProcessMembers {
  const textOf = (keys: readonly string[]): string | undefined =>
    firstText(resource, keys) ?? firstText(environmentAttributes, keys);
  const environment = settings.environment ?? textOf(KEYS.environment) ?? DEFAULT_ENVIRONMENT;
  const serverName = settings.serverName ?? textOf(KEYS.serverName) ?? hostName();
  const shown = resource ?? environmentAttributes;
  const known =
    resource === undefined && Object.keys(shown).length === 0
      ? undefined
      : redacted(resourceCopy(shown));
  const machine = resourceContexts(known ?? {});
  return withJson({
    machine,
    machineJson: membersByName(machine),
    resource: known,
    release: (settings.release ?? textOf(KEYS.release))?.slice(0, LIMITS.release),
    environment: environment.slice(0, LIMITS.environment),
    dist: settings.dist?.slice(0, LIMITS.dist),
    serverName: serverName?.slice(0, LIMITS.serverName),
    contexts:
      RUNTIME_JSON + (known === undefined ? "" : `,"otel":${JSON.stringify({ resource: known })}`),
  });
}

function membersByName(contexts: ResourceContexts): Record<string, string> {
  const entries = Object.entries(contexts);
  return Object.fromEntries(
    entries.map(([name, members]) => [name, `,"${name}":${JSON.stringify(members)}`]),
  );
}

function withJson(members: Omit<ProcessMembers, "json">): ProcessMembers {
  const { release, environment, dist, serverName } = members;
  const event = withoutUnset({ release, environment, dist, server_name: serverName });
  const json = `,${JSON.stringify(normalize(event)).slice(1, -1)},"sdk":${SDK_JSON}`;
  return { ...members, json };
}

function resourceCopy(attributes: Attributes): JsonRecord {
  const copy = normalize(attributes, RESOURCE_LIMITS);
  return isRecord(copy) ? copy : {};
}

function firstText(
  attributes: Attributes | undefined,
  keys: readonly string[],
): string | undefined {
  for (const key of keys) {
    const value = attributes?.[key];
    if (typeof value === "string" && value !== "") return value;
  }
  return undefined;
}

let knownHostName: string | undefined;

// Read once: it is a system call, and the name of a running host does not change.
function hostName(): string | undefined {
  try {
    knownHostName ??= hostname();
  } catch {
    // Some sandboxes refuse the call.
  }
  return knownHostName || undefined;
}
