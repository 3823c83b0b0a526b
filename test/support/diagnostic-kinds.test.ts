import { readFileSync, readdirSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";

const root = fileURLToPath(new URL("../../src/", import.meta.url));

// The first argument of a report, or a constant or function that returns a kind.
const REPORT = /(?:warnOnce|faultOnce|reportSetupFault|onProblem)\(\s*(["`])(?<kind>[^"`]+)\1/g;
const NAMED =
  /(?:const [A-Z_]+(?:_FAULT|_COPIES|_CLIENT|_MANAGER|_TRACED) = |const kind = )(["`])(?<kind>[^"`\s]+)\1/g;

function kinds(): readonly string[] {
  const files = readdirSync(root, { recursive: true, encoding: "utf8" });
  const sources = files
    .filter((name) => name.endsWith(".ts"))
    .map((name) => readFileSync(root + name, "utf8"));
  return sources.flatMap((text) =>
    [REPORT, NAMED].flatMap((pattern) =>
      [...text.matchAll(pattern)].map(({ groups }) => groups?.["kind"] ?? ""),
    ),
  );
}

describe("the kind of a diagnostic", () => {
  it("is kebab-case, followed by a colon and a subject if it is reported once per subject", () => {
    const found = kinds();
    expect(found.length).toBeGreaterThan(50);
    expect(
      found.filter((kind) => !/^[a-z]+(?:-[a-z]+)*(?::(?:[a-z]\w*|\$\{.+\}))?$/i.test(kind)),
    ).toEqual([]);
    expect(found.filter((kind) => /^[^:]*[A-Z_]/.test(kind))).toEqual([]);
  });
});
