type Version = readonly [major: number, minor: number, patch: number];

/**
 * Tells whether a version is in a range as package manifests write it (`^1.3.0`, `>=1.3.0 <1.10.0 || 2.x`, `18 - 22`). True for a
 * pre-release, and for comparators that are not understood: a range is only used to find certain faults.
 */
export function isInRange(version: string, range: string): boolean {
  const parsed = versionOf(version);
  if (parsed === undefined || version.includes("-")) return true;
  return range.split("||").some((part) => fitsAll(parsed, part.trim()));
}

function versionOf(text: string): Version | undefined {
  const parts = /^v?(\d+)(?:\.(\d+))?(?:\.(\d+))?/.exec(text.trim());
  if (parts === null) return undefined;
  return [Number(parts[1]), Number(parts[2] ?? 0), Number(parts[3] ?? 0)];
}

function fitsAll(version: Version, part: string): boolean {
  if (part === "" || part === "*") return true;
  const spaced = part
    .replaceAll(/(\S+)\s+-\s+(\S+)/g, ">=$1 <=$2")
    .replaceAll(/([<>=~^]+)\s+/g, "$1");
  return spaced.split(/\s+/).every((comparator) => fits(version, comparator));
}

function fits(version: Version, comparator: string): boolean {
  const [, sign = "", text = ""] = /^([<>=~^]*)(.*)$/.exec(comparator) ?? [];
  const bound = versionOf(text.replaceAll(/\.[x*]/g, ""));
  if (bound === undefined) return true;
  const difference = compare(version, bound);
  if (sign === ">=") return difference >= 0;
  if (sign === "<") return difference < 0;
  // `<=20` and `>20` are about all of 20.
  const end = compare(version, ceiling(/[<>]/.test(sign) ? "" : sign, bound, text));
  if (sign === ">") return end >= 0;
  if (sign === "<=") return end < 0;
  return difference >= 0 && end < 0;
}

function compare(a: Version, b: Version): number {
  return a[0] - b[0] || a[1] - b[1] || a[2] - b[2];
}

// The first version after those that `^`, `~`, or no sign admits.
function ceiling(sign: string, [major, minor, patch]: Version, text: string): Version {
  const given = text.split(".").filter((part) => /^v?\d/.test(part)).length;
  if (given === 1 || (sign === "^" && major > 0)) return [major + 1, 0, 0];
  if (given === 2 || sign === "~" || (sign === "^" && minor > 0)) return [major, minor + 1, 0];
  return [major, minor, patch + 1];
}
