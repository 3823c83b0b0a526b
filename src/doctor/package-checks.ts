import { dirname, join, relative } from "node:path";

import { registeredVersion } from "../context/api-registration.js";
import { attempt, propertyOf } from "../support/foreign.js";
import { requireFrom } from "../support/own-file.js";

import { finding } from "./finding.js";
import type { Evidence, Examination, Finding } from "./finding.js";
import { installedPackages } from "./installed-packages.js";
import type { InstalledPackage } from "./installed-packages.js";
import { isInRange } from "./version-range.js";

const API = "@opentelemetry/api";
const OWN = "otel-sentry-bridge";
const SDKS: readonly string[] = ["@opentelemetry/sdk-trace-base", "@opentelemetry/sdk-trace"];
const CONTEXTS = "@opentelemetry/context-async-hooks";
// Packages that register something with the API, or are given what does.
const REGISTERING = /^@opentelemetry\/(?:sdk-|context-async-hooks$)/;
const VENDORS = /^@sentry\/(?:node|nestjs|nextjs|opentelemetry|bun|aws-serverless)$/;

const MAX_SHOWN = 4;

/**
 * Checks the packages that are installed for a directory, and for that of the program that runs, which may be another.
 * Never throws.
 */
export function checkPackages(directory: string, program?: string): Examination {
  const directories = program === undefined ? [directory] : [directory, dirname(program)];
  const packages = installedPackages(directories, isWanted);
  const named = (name: string): readonly InstalledPackage[] =>
    packages.filter((each) => each.name === name);
  const installed = { directory, packages, named, isRunning: program !== undefined };
  const shown = [API, ...SDKS, CONTEXTS, OWN].flatMap((name) => factsOf(name, installed));
  return {
    facts: [{ name: "packages", value: shown.length === 0 ? "none" : shown.join(", ") }],
    findings: [
      ...missing(installed),
      ...apiCopies(installed),
      ...unmetPeers(installed),
      ...unfitNode(installed),
      ...ownCopies(installed),
      ...vendors(installed),
    ],
  };
}

function isWanted(name: string): boolean {
  return name.startsWith("@opentelemetry/") || name === OWN || VENDORS.test(name);
}

interface Installed {
  readonly directory: string;
  readonly packages: readonly InstalledPackage[];
  readonly named: (name: string) => readonly InstalledPackage[];
  /** True if this process is the application. */
  readonly isRunning: boolean;
}

function factsOf(name: string, { named }: Installed): string[] {
  const versions = new Set(named(name).map(({ version }) => version));
  return versions.size === 0 ? [] : [`${name} ${[...versions].join(" and ")}`];
}

function relativeTo(directory: string, path: string): string {
  const inside = relative(directory, path);
  return inside.startsWith("../../") ? path : inside;
}

function evidenceOf(directory: string, packages: readonly InstalledPackage[]): Evidence[] {
  return packages.slice(0, MAX_SHOWN).map(({ name, version, path }) => ({
    kind: "package",
    name,
    id: version,
    at: relativeTo(directory, path),
  }));
}

function missing({ named }: Installed): Finding[] {
  const hasApi = named(API).length > 0;
  const hasSdk = SDKS.some((name) => named(name).length > 0);
  if (hasApi && hasSdk) return [];
  const what = hasApi ? "no tracing SDK of OpenTelemetry" : `no ${API}`;
  return [
    finding({
      name: hasApi ? "no-sdk" : "no-api",
      summary: `There is ${what} in this directory's node_modules, so nothing can be traced here.`,
      mechanism:
        "Without OpenTelemetry's SDK there are no spans. Or this is not the application's directory.",
      fix: "Run the doctor in the application's directory, or install OpenTelemetry:",
      code: `npm install ${API} \\\n  @opentelemetry/sdk-trace-base ${CONTEXTS}`,
    }),
  ];
}

// A copy of the API can use what a copy of the same or a newer minor version has registered.
function apiCopies({ directory, named, isRunning }: Installed): Finding[] {
  const copies = named(API);
  const base = (isRunning ? minorOf(registeredVersion()) : undefined) ?? resolvedApi(directory);
  const loaded = isRunning ? Object.keys(requireFrom(`${directory}/`).cache) : undefined;
  const cutOff = copies.filter(
    ({ version, path }) =>
      base !== undefined &&
      (minorOf(version) ?? 0) > base &&
      loaded?.some((file) => file.startsWith(join(path, "/"))) !== false,
  );
  const versions = new Set(copies.map(({ version }) => version));
  if (cutOff.length === 0) return [];
  return [
    finding({
      name: "api-copies",
      summary: `${API} is installed in ${versions.size} versions: ${[...versions].join(" and ")}.`,
      evidence: evidenceOf(directory, copies),
      mechanism:
        "A copy cannot use what an older minor version has registered: what uses it records no spans, or its users and tags do not follow a request.",
      fix: "Make all packages use one version, and check with npm ls:",
      code: `npm ls ${API}\n// package.json\n"overrides": { "${API}": "$${API}" }`,
    }),
  ];
}

function resolvedApi(directory: string): number | undefined {
  const find = (): unknown => requireFrom(`${directory}/`)(`${API}/package.json`);
  return minorOf(propertyOf(attempt(find, undefined), "version"));
}

// All versions are 1.x.
function minorOf(version: unknown): number | undefined {
  const minor = typeof version === "string" ? /^1\.(\d+)\./.exec(version)?.[1] : undefined;
  return minor === undefined ? undefined : Number(minor);
}

// Not of helpers such as `@opentelemetry/core`: an instrumentation can have a copy of its own, of the other line, which works.
function unmetPeers({ directory, packages, named }: Installed): Finding[] {
  const apis = named(API);
  const unmet = packages.filter(({ name, peers }) => {
    const range = REGISTERING.test(name) ? peers[API] : undefined;
    return (
      range !== undefined && apis.length > 0 && apis.every((api) => !isInRange(api.version, range))
    );
  });
  const [first] = unmet;
  const version = apis[0]?.version ?? "";
  if (first === undefined) return [];
  const range = first.peers[API] ?? "";
  return [
    finding({
      name: "sdk-api-mismatch",
      summary: `${first.name} ${first.version} needs ${API} ${range}, but ${version} is installed.`,
      count: unmet.length,
      evidence: evidenceOf(directory, [...apis, ...unmet]),
      mechanism:
        "OpenTelemetry's SDK 3 needs API 1.10, and SDK 2 an API before 1.10. An SDK with another API fails when it starts, or registers nothing.",
      fix: "Install an API that the SDK accepts, or the SDK's other major version:",
      code: `npm install "${API}@${range}"`,
    }),
  ];
}

function unfitNode({ directory, packages }: Installed): Finding[] {
  const version = process.versions.node;
  const unfit = packages.filter(({ nodeRange }) => !isInRange(version, nodeRange));
  const [first] = unfit;
  if (first === undefined) return [];
  return [
    finding({
      name: "node-version",
      severity: "warning",
      summary: `${first.name} ${first.version} needs Node ${first.nodeRange}, but this is Node ${version}.`,
      count: unfit.length,
      evidence: evidenceOf(directory, unfit),
      mechanism: "It may not load. OpenTelemetry's SDK 3 needs Node 22.15; SDK 2 does not.",
      fix: `Use such a Node, or an older version of ${first.name}:`,
      code: `npm view ${first.name} engines versions`,
    }),
  ];
}

function ownCopies({ directory, named }: Installed): Finding[] {
  const copies = named(OWN);
  const versions = new Set(copies.map(({ version }) => version));
  if (versions.size < 2) return [];
  return [
    finding({
      name: "bridge-copies",
      severity: "warning",
      summary: `${OWN} is installed in ${versions.size} versions: ${[...versions].join(" and ")}.`,
      evidence: evidenceOf(directory, copies),
      mechanism:
        "Copies share their state where its format is the same. Scope data that is set through another version may be missing from events.",
      fix: "Make all packages use one version:",
      code: `npm dedupe ${OWN}`,
    }),
  ];
}

function vendors({ directory, packages }: Installed): Finding[] {
  const found = packages.filter(({ name }) => VENDORS.test(name));
  const [first] = found;
  if (first === undefined) return [];
  return [
    finding({
      name: "sentry-sdk-installed",
      severity: "info",
      summary: `${first.name} ${first.version} is installed beside this package.`,
      evidence: evidenceOf(directory, found),
      mechanism:
        "If the application also calls its Sentry.init, both set up tracing, and each error and transaction may arrive twice.",
      fix: "Use one of the two. If nothing imports it any more, remove it:",
      code: `npm uninstall ${first.name}`,
    }),
  ];
}
