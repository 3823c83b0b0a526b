import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";

import { startIngestServer } from "../../src/testing/ingest-server.js";
import type { IngestServer } from "../../src/testing/ingest-server.js";
import { installApplication } from "../package/application.js";
import type { Application } from "../package/application.js";
import { arrivalLines } from "./arrivals.js";
import { fileOf, programOf } from "./fragment-program.js";
import { FRAGMENTS } from "./fragments.js";
import type { Fragment } from "./fragment-parts.js";
import { IMPORTED } from "./imported.js";
import { BLOCKS, blockOf } from "./pages.js";

let server: IngestServer;
let app: Application;

beforeAll(async () => {
  server = await startIngestServer();
  app = installApplication(IMPORTED);
  app.write("package.json", JSON.stringify({ type: "module" }));
});
beforeEach(() => server.clear());
afterAll(async () => {
  app.remove();
  await server.close();
});

function setUpFile(section: string): string {
  const isIt = (block: (typeof BLOCKS)[number]): boolean =>
    block.page === "docs/set-up.md" && block.heading === section;
  return BLOCKS.find((block) => isIt(block) && block.fileName !== undefined)?.text ?? "";
}

/** Writes the program, and what stands beside it, into the application; returns its file. */
function place(fragment: Fragment): string {
  if (fragment.setUp !== undefined) app.write("instrumentation.mjs", setUpFile(fragment.setUp));
  for (const [file, text] of Object.entries(fragment.files ?? {}))
    app.write(file, text ?? programNamed(fragment.page, file));
  const file = fileOf(blockOf(fragment));
  app.write(file, programOf(fragment));
  return file;
}

function programNamed(page: string, file: string): string {
  const fragment = FRAGMENTS.find(
    (candidate) => candidate.page === page && candidate.begin.startsWith(`// ${file}`),
  );
  if (fragment === undefined) throw new Error(`${page} has no fragment ${file}`);
  return programOf(fragment);
}

async function run(fragment: Fragment): Promise<unknown> {
  const file = place(fragment);
  const flags = fragment.setUp === undefined ? [] : ["--import", "./instrumentation.mjs"];
  const { exitCode, stdout, stderr } = await app.node([...flags, file], {
    SENTRY_DSN: server.dsn,
    PATH: process.env["PATH"] ?? "",
  });
  const printed = stdout.split("\n").filter((line) => line !== "");
  return {
    exitCode,
    complaints:
      stderr.replaceAll(new URL(server.dsn).host, "<host>").match(/^otel-sentry-bridge[^,\n]*/gm) ??
      [],
    leadsTo: [
      ...arrivalLines(server.envelopes),
      ...printed.map((line) => `prints ${line}`),
    ].toSorted(),
  };
}

describe("a fragment of the documentation, between what a reader writes before and after it", () => {
  it.each(FRAGMENTS.map((fragment) => ({ fragment, line: blockOf(fragment).line })))(
    "leads to what its row says: $fragment.page:$line",
    async ({ fragment }) => {
      const { complains = [], leadsTo } = fragment;

      expect(await run(fragment)).toEqual({
        exitCode: 0,
        complaints: complains,
        leadsTo,
      });
    },
  );
});
