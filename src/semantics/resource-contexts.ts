import { textValue } from "./inference.js";
import type { AttributeBag } from "../trace/span.js";

/** Sentry's contexts for the machine of a process, by name. */
export type ResourceContexts = Readonly<Record<string, Readonly<Record<string, string>>>>;

/** Fields of a context, and the resource attributes from which they are taken. */
type Fields = readonly (readonly [field: string, attribute: string])[];

const OS: Fields = [
  ["name", "os.name"],
  ["version", "os.version"],
  ["build", "os.build_id"],
  ["raw_description", "os.description"],
];

const DEVICE: Fields = [
  ["name", "host.name"],
  ["arch", "host.arch"],
  ["cpu_description", "host.cpu.model.name"],
  ["model", "device.model.name"],
  ["model_id", "device.model.identifier"],
  ["manufacturer", "device.manufacturer"],
  ["device_unique_identifier", "device.id"],
];

const CLOUD: Fields = [
  ["cloud.provider", "cloud.provider"],
  ["cloud.account.id", "cloud.account.id"],
  ["cloud.region", "cloud.region"],
  ["cloud.availability_zone", "cloud.availability_zone"],
  ["cloud.platform", "cloud.platform"],
  ["cloud.resource_id", "cloud.resource_id"],
];

// Added only if other attributes say that the machine is in a cloud: any machine has an id and a type.
const CLOUD_HOST: Fields = [
  ["host.id", "host.id"],
  ["host.type", "host.type"],
];

// `os.type` has values of `process.platform` or of the semantic conventions. Node's resource detector uses the kernel's
// release as version, so "Darwin 23.4.0" is right and "macOS 23.4.0" would be wrong.
const NAME_BY_OS_TYPE: ReadonlyMap<unknown, string> = new Map([
  ["aix", "AIX"],
  ["android", "Android"],
  ["darwin", "Darwin"],
  ["dragonflybsd", "DragonFly BSD"],
  ["freebsd", "FreeBSD"],
  ["hpux", "HP-UX"],
  ["linux", "Linux"],
  ["netbsd", "NetBSD"],
  ["openbsd", "OpenBSD"],
  ["solaris", "Solaris"],
  ["sunos", "Solaris"],
  ["win32", "Windows"],
  ["windows", "Windows"],
  ["z_os", "z/OS"],
  ["zos", "z/OS"],
]);

/**
 * Returns the contexts `os`, `device` and `cloud_resource` (protocol: contexts) of a resource; a context without fields
 * is left out.
 */
export function resourceContexts(attributes: AttributeBag): ResourceContexts {
  const cloud = fieldsOf(CLOUD, attributes);
  const host = isEmpty(cloud) ? {} : fieldsOf(CLOUD_HOST, attributes);
  const all = {
    os: osFields(attributes),
    device: fieldsOf(DEVICE, attributes),
    cloud_resource: { ...cloud, ...host },
  };
  return Object.fromEntries(Object.entries(all).filter(([, fields]) => !isEmpty(fields)));
}

function osFields(attributes: AttributeBag): Record<string, string> {
  const type = textValue(attributes["os.type"]);
  const name = NAME_BY_OS_TYPE.get(type?.toLowerCase()) ?? type;
  return { ...(name !== undefined && { name }), ...fieldsOf(OS, attributes) };
}

function fieldsOf(fields: Fields, attributes: AttributeBag): Record<string, string> {
  const found: Record<string, string> = {};
  for (const [field, name] of fields) {
    const value = textValue(attributes[name]);
    if (value !== undefined) found[field] = value;
  }
  return found;
}

function isEmpty(fields: Readonly<Record<string, string>>): boolean {
  return Object.keys(fields).length === 0;
}
