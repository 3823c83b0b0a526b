import { dirname, join, relative } from "node:path";

import { registeredVersion } from "../context/api-registration.js";
import { attempt } from "../support/foreign.js";
import { quantityOf } from "./report-text.js";
import { requireFrom } from "../support/own-file.js";

import { finding } from "./finding.js";
import type { Evidence, Examination, Finding } from "./finding.js";
import { directDependencies, installedPackages } from "./installed-packages.js";
import type { InstalledPackage } from "./installed-packages.js";
import { loadedFiles } from "./loaded-files.js";
import { addCommand, overrideOf, removeCommand, whyCommand } from "./package-manager.js";
import { isInRange } from "./version-range.js";

const API = "@opentelemetry/api";
const OWN = "otel-sentry-bridge";
const SDKS: readonly string[] = ["@opentelemetry/sdk-trace-base", "@opentelemetry/sdk-trace"];
const CONTEXTS = "@opentelemetry/context-async-hooks";
// Packages that register something with the OpenTelemetry API, or that use what is registered.
const REGISTERING = /^@opentelemetry\/(?:sdk-|context-async-hooks$)/;
const VENDORS = /^@sentry\/(?:node|nestjs|nextjs|opentelemetry|bun|aws-serverless)$/;

const MAX_SHOWN = 4;

/**
 * Checks the packages that are installed for a directory, and for that of the program that runs, which may be another.
 * Never throws.
 */
export function checkPackages(directory: string, program?: string): Examination {
  const directories = program === undefined ? [directory] : [directory, dirname(program)];
  const direct = directDependencies(directory);
  // Those that the application itself depends on come first: they can be replaced.
  const packages = installedPackages(directories, isWanted).toSorted(
    (a, b) => Number(direct.has(b.name)) - Number(direct.has(a.name)),
  );
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
  const versions = versionsOf(named(name));
  return versions.length === 0 ? [] : [`${name} ${versions.join(" and ")}`];
}

function versionsOf(copies: readonly InstalledPackage[]): string[] {
  return [...new Set(copies.map(({ version }) => version))];
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
      summary: `There is ${what} in this directory's node_modules.`,
      mechanism: "Without it there are no spans, unless the application is in another directory.",
      fix: "Either run the doctor in the application's directory, or install OpenTelemetry:",
      code: addCommand(`${API}@1.9`, "@opentelemetry/sdk-trace-base@2", `${CONTEXTS}@2`),
    }),
  ];
}

// From here on a copy that was not loaded is worth knowing, too: it has ES modules, which may be loaded at any time.
const FIRST_WITH_MODULES = 10;

// A copy of the API can use what a copy of the same or a newer minor version has registered.
function apiCopies(installed: Installed, hasLoaded = loadedFiles()): Finding[] {
  const { directory, named, isRunning } = installed;
  const copies = named(API);
  const base =
    (isRunning ? minorOf(registeredVersion()) : undefined) ?? resolvedApi(directory, copies);
  const states = copies.flatMap(({ path, version }) => {
    const minor = minorOf(version) ?? 0;
    if (base === undefined || minor <= base) return [];
    const isLoaded = isRunning ? hasLoaded(path) : undefined;
    return isLoaded === false && minor < FIRST_WITH_MODULES ? [] : [isLoaded];
  });
  const versions = versionsOf(copies);
  if (states.length === 0) return [];
  const isUnused = states.every((isLoaded) => isLoaded === false);
  const { entry, command } = overrideOf(API, fittingApi(installed));
  return [
    finding({
      name: "api-copies",
      severity: isUnused ? "info" : states.includes(true) ? "error" : "warning",
      summary: `${API} is installed in ${quantityOf(versions.length, "version")}: ${versions.join(" and ")}.`,
      evidence: evidenceOf(directory, copies),
      mechanism: `${isUnused ? "The newer one was not loaded. " : ""}A copy cannot use what an older minor version has registered: its spans are not recorded, or its users and tags do not follow a request.`,
      // In this order: npm keeps nested copies when an entry is new and nothing else has changed.
      fix: `Make all packages use one version: add this to package.json, then run \`${command}\`:`,
      code: entry,
    }),
  ];
}

// Chooses the version that most packages accept.
function fittingApi({ packages, named }: Installed): string {
  const versions = versionsOf(named(API));
  const accepting = (version: string): number =>
    packages.filter(({ peers }) => isInRange(version, peers[API] ?? "*")).length;
  return versions.toSorted((a, b) => accepting(b) - accepting(a))[0] ?? "1.9";
}

// The copy that the application loads, else the one that this package loads (pnpm installs no package for the application that is
// only a dependency of others), else the one nearest to the root.
function resolvedApi(directory: string, copies: readonly InstalledPackage[]): number | undefined {
  const origin = requireFrom(`${directory}/`);
  const paths = [
    () => origin.resolve(API),
    () => requireFrom(origin.resolve(OWN)).resolve(API),
  ].map((find) => attempt(find, ""));
  const found = paths.map((path) => copies.find((copy) => path.startsWith(join(copy.path, "/"))));
  const [nearest] = copies.toSorted((a, b) => a.path.length - b.path.length);
  return minorOf((found[0] ?? found[1] ?? nearest)?.version);
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
        "SDK 3 needs API 1.10, SDK 2 an earlier one. With another API it fails when it starts, or registers nothing.",
      ...matching({ unmet, range }, { directory, packages }),
    }),
  ];
}

function unfitNode({ directory, packages }: Installed): Finding[] {
  const version = process.versions.node;
  const unfit = packages.filter((each) => !fitsNode(each));
  const [first] = unfit;
  if (first === undefined) return [];
  return [
    finding({
      name: "node-version",
      severity: "warning",
      summary: `${first.name} ${first.version} needs Node ${first.nodeRange}, but this is Node ${version}.`,
      count: unfit.length,
      evidence: evidenceOf(directory, unfit),
      mechanism: "It may not load. The SDK 3 needs Node 22.15; the SDK 2 does not.",
      ...forThisNode({ directory, packages, range: first.nodeRange }),
    }),
  ];
}

type Fix = Pick<Finding, "code" | "fix">;

function fitsNode({ nodeRange }: InstalledPackage): boolean {
  return isInRange(process.versions.node, nodeRange);
}

/** Versions of the API that this package accepts, the highest first. */
const API_LINES = ["1.10", "1.9"];

interface Unmet {
  readonly unmet: readonly InstalledPackage[];
  /** Versions of the API that the first of them accepts. */
  readonly range: string;
}

type Packages = Pick<Installed, "directory" | "packages">;

function matching({ unmet, range }: Unmet, installed: Packages): Fix {
  const older = unmet.every(fitsNode) ? undefined : downgrade(installed);
  if (older !== undefined)
    return { fix: `Install the SDK 2, which this Node can run${withLine(older)}:`, code: older };
  const [lowest = ""] = /\d+\.\d+/.exec(range) ?? [];
  const highest = API_LINES.find((line) =>
    unmet.every(({ peers }) => isInRange(`${line}.99`, peers[API] ?? "*")),
  );
  const code = addCommand(`${API}@${highest ?? lowest}`);
  return { fix: "Install an API that the SDK accepts:", code };
}

function forThisNode({ range, ...installed }: Packages & { readonly range: string }): Fix {
  const code = downgrade(installed);
  if (code === undefined) return { fix: `Run the application with Node ${range}.` };
  return {
    fix: `Run the application with Node ${range}, or install the SDK 2${withLine(code)}:`,
    code,
  };
}

// OpenTelemetry's SDK 3 is 3.x and 0.3xx; the SDK 2 is 2.x and 0.2xx.
const EXPERIMENTAL = /^0\.3\d\d\./;

// All packages of the application at once: npm refuses a part of them.
function downgrade({ directory, packages }: Packages): string | undefined {
  const direct = directDependencies(directory);
  const older = packages.flatMap((each) => {
    const { name, version } = each;
    if (!direct.has(name) || !name.startsWith("@opentelemetry/") || fitsNode(each)) return [];
    if (EXPERIMENTAL.test(version)) return [`"${name}@<0.300"`];
    // Instrumentations have versions of their own. Of a range, npm takes a version that this Node can run; others take the highest.
    return version.startsWith("3.") ? [`${name}@2`] : [`"${name}@<${version}"`];
  });
  return older.length === 0 ? undefined : addCommand(`${API}@1.9`, ...new Set(older));
}

function withLine(command: string): string {
  const isExact = command.startsWith("npm ") || !command.includes("/instrumentation-");
  return isExact ? "" : " (its instrumentations depend on @opentelemetry/instrumentation 0.2xx)";
}

function ownCopies({ directory, named }: Installed): Finding[] {
  const copies = named(OWN);
  const versions = versionsOf(copies);
  if (versions.length < 2) return [];
  return [
    finding({
      name: "bridge-copies",
      severity: "warning",
      summary: `${OWN} is installed in ${versions.length} versions: ${versions.join(" and ")}.`,
      evidence: evidenceOf(directory, copies),
      mechanism: "Scope data that is set through another version may be missing from events.",
      fix: "Make all packages use one version:",
      code: `${addCommand(`${OWN}@latest`)}\n${whyCommand(OWN)}`,
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
      mechanism: "If the application calls its Sentry.init, errors and requests may arrive twice.",
      fix: "Use one of the two. If nothing imports it any more, remove it:",
      code: removeCommand(first.name),
    }),
  ];
}
