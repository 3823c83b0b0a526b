import { isRecord } from "../support/foreign.js";
import { normalize } from "../support/normalize.js";
import type { ProcessIdentity } from "../trace/dsc.js";
import type { JsonRecord } from "../protocol/error-event.js";
import { deepFreeze } from "../scope/freeze.js";
import { resourceContexts } from "../semantics/resource-contexts.js";
import type { ResourceContexts } from "../semantics/resource-contexts.js";
import { SDK_NAME, SDK_VERSION } from "../version.js";
import type { ResourceView } from "../trace/span-view.js";
import { processNames } from "./process-identity.js";
import type { ProcessNames, ProcessSources } from "./process-identity.js";
import { redactedMembers } from "../privacy/redact-event.js";
import { knownAttributes } from "./resource-attributes.js";
import { withoutUnset } from "../support/without-unset.js";

/** What every event of a process says about it. */
export interface ProcessMembers extends ProcessNames {
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
export const SDK_MEMBER: JsonRecord = deepFreeze({
  name: SDK_NAME,
  version: SDK_VERSION,
  packages: [{ name: "npm:otel-sentry-bridge", version: SDK_VERSION }],
});

const SDK_JSON = JSON.stringify(SDK_MEMBER);

const RUNTIME_JSON = `,"runtime":${JSON.stringify({ name: "node", version: process.version })}`;

/** Envelope header members about this package. */
export const SDK_HEADER_MEMBER: string = `,"sdk":${JSON.stringify({ name: SDK_NAME, version: SDK_VERSION })}`;

const RESOURCE_LIMITS = { depth: 5, totalLength: 32_768 };

type Attributes = ResourceView["attributes"];

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

/** Returns the members with the release and environment that the sampling context of a segment names. */
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

function build(sources: ProcessSources, resource: Attributes | undefined): ProcessMembers {
  const shown = resource ?? sources.environmentAttributes ?? {};
  const isKnown = resource !== undefined || Object.keys(shown).length > 0;
  const { sendDefaultPii } = sources.settings;
  // All events share them.
  const known = isKnown
    ? deepFreeze(redactedMembers(resourceCopy(shown), sendDefaultPii))
    : undefined;
  const machine = deepFreeze(resourceContexts(known ?? {}));
  return withJson({
    ...processNames(sources, resource),
    machine,
    machineJson: membersByName(machine),
    resource: known,
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
