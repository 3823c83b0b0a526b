import type { ProcessMembers } from "../client/process-members.js";
import { SDK_NAME, SDK_VERSION } from "../version.js";
import { attributeText } from "./telemetry-text.js";

/** The keys that say of the process what nothing else may say. */
export const PROCESS_KEYS: ReadonlySet<string> = new Set([
  "sentry.environment",
  "sentry.release",
  "sentry.sdk.name",
  "sentry.sdk.version",
]);

/** The key of the server's name, which an item may use for another server. */
export const ADDRESS_KEY = "server.address";

const LIMITS = { valueLength: 256, totalLength: 8192 };

/** The attributes of a process, the server's name last. */
export function processEntries(members: ProcessMembers): readonly (readonly [string, unknown])[] {
  const { environment, release, serverName } = members;
  return [
    ["sentry.environment", environment],
    ...(release === undefined ? [] : [["sentry.release", release] as const]),
    ["sentry.sdk.name", SDK_NAME],
    ["sentry.sdk.version", SDK_VERSION],
    ...(serverName === undefined ? [] : [[ADDRESS_KEY, serverName] as const]),
  ];
}

/** The same as JSON members with a leading comma, with the server's name and without. */
export interface ProcessTexts {
  readonly withAddress: string;
  readonly withoutAddress: string;
}

const textsByMembers = new WeakMap<ProcessMembers, ProcessTexts>();

/** The members of a process are few, and stay for as long as it runs. */
export function processTexts(members: ProcessMembers): ProcessTexts {
  const known = textsByMembers.get(members);
  if (known !== undefined) return known;
  const entries = processEntries(members);
  const others = entries.filter(([key]) => key !== ADDRESS_KEY);
  const texts: ProcessTexts = {
    withAddress: `,${attributeText(entries, LIMITS).text}`,
    withoutAddress: `,${attributeText(others, LIMITS).text}`,
  };
  textsByMembers.set(members, texts);
  return texts;
}
