import { afterAll, beforeAll, describe, expect, it } from "vitest";

import { startIngestServer } from "../../src/testing/ingest-server.js";
import type { IngestServer } from "../../src/testing/ingest-server.js";
import { installApplication } from "../package/application.js";
import type { Application } from "../package/application.js";
import { fileOf, programOf } from "./fragment-program.js";
import { FRAGMENTS } from "./fragments.js";
import type { Fragment } from "./fragment-parts.js";
import { FragmentRuns } from "./fragment-runs.js";
import type { Outcome } from "./fragment-runs.js";
import { IMPORTED } from "./imported.js";
import { BLOCKS, blockOf } from "./pages.js";

let server: IngestServer;
let app: Application;
let runs: FragmentRuns;

beforeAll(async () => {
  server = await startIngestServer();
  app = installApplication(IMPORTED);
  app.write("package.json", JSON.stringify({ type: "module" }));
  runs = new FragmentRuns(app, server);
});
afterAll(async () => {
  app.remove();
  await server.close();
});

function setUpFile(section: string): string {
  const isIt = (block: (typeof BLOCKS)[number]): boolean =>
    block.page === "docs/set-up.md" && block.heading === section;
  return BLOCKS.find((block) => isIt(block) && block.fileName !== undefined)?.text ?? "";
}

/** Writes the program, and what stands beside it, into the application. */
function place(fragment: Fragment, file: string): void {
  for (const [name, text] of Object.entries(fragment.files ?? {}))
    app.write(name, text ?? programNamed(fragment.page, name));
  app.write(file, programOf(fragment));
}

/** Writes the set-up; returns the flags that load it. */
function setUpBy(section: Fragment["setUp"]): string[] {
  if (section === undefined) return [];
  app.write("instrumentation.mjs", setUpFile(section));
  return ["--import", "./instrumentation.mjs"];
}

function programNamed(page: string, file: string): string {
  const fragment = FRAGMENTS.find(
    (candidate) => candidate.page === page && candidate.begin.startsWith(`// ${file}`),
  );
  if (fragment === undefined) throw new Error(`${page} has no fragment ${file}`);
  return programOf(fragment);
}

function titled(fragments: readonly Fragment[]): { fragment: Fragment; line: number }[] {
  return fragments.map((fragment) => ({ fragment, line: blockOf(fragment).line }));
}

function outcomeIn({ complains = [], leadsTo }: Fragment): Outcome {
  return { exitCode: 0, complaints: complains, leadsTo };
}

/** True for a program that shares its process with others of the same set-up: a start of the SDK takes most of their time. */
function isShared({ setUp, complains, leavesTraces }: Fragment): boolean {
  return setUp !== undefined && complains === undefined && leavesTraces === undefined;
}

const SECTIONS = [...new Set(FRAGMENTS.filter(isShared).map(({ setUp }) => setUp))];

describe("a fragment of the documentation, between what a reader writes before and after it", () => {
  describe.each(SECTIONS)("after the set-up of the section %s", (section) => {
    const fragments = FRAGMENTS.filter(isShared).filter(({ setUp }) => setUp === section);
    let outcomes: readonly Outcome[];

    beforeAll(async () => {
      const files = fragments.map((fragment, index) => `${index}-${fileOf(blockOf(fragment))}`);
      for (const [index, fragment] of fragments.entries()) place(fragment, files[index] ?? "");
      outcomes = await runs.inTurn(setUpBy(section), files);
    });

    it.each(titled(fragments))(
      "leads to what its row says: $fragment.page:$line",
      ({ fragment }) => {
        expect(outcomes[fragments.indexOf(fragment)]).toEqual(outcomeIn(fragment));
      },
    );
  });

  it.each(titled(FRAGMENTS.filter((fragment) => !isShared(fragment))))(
    "leads to what its row says: $fragment.page:$line",
    async ({ fragment }) => {
      const file = fileOf(blockOf(fragment));
      place(fragment, file);
      expect(await runs.alone([...setUpBy(fragment.setUp), file])).toEqual(outcomeIn(fragment));
    },
  );
});
