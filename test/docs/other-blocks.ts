import type { BlockName } from "./pages.js";

/** Code blocks that are no fragments, by what is done with them. */
interface OtherBlocks {
  /** Programs: the page, the names of its files, and the test or script that runs them. */
  readonly programs: readonly ProgramsOfPage[];
  /** Drawings, which say nothing that can be run. */
  readonly drawings: readonly BlockName[];
}

interface ProgramsOfPage {
  readonly page: string;
  readonly begins: readonly string[];
  readonly ranBy: string;
}

/** All that is no fragment and no command. */
export const OTHER_BLOCKS: OtherBlocks = {
  programs: [
    {
      page: "README.md",
      begins: ["// instrumentation.mjs", "// app.mjs", "// instrumentation.cjs", "// app.cjs"],
      ranBy: "test/docs/first-trace.test.ts",
    },
    {
      page: "docs/set-up.md",
      begins: [
        "// instrumentation.mjs\nimport { register }",
        "// instrumentation.mjs\nimport { context",
        "// attach.mjs",
        "// instrumentation.cjs",
      ],
      ranBy: "test/setup/set-up-doc.test.ts",
    },
    {
      page: "docs/testing.md",
      begins: ['import assert from "node:assert/strict";'],
      ranBy: "test/setup/set-up-doc.test.ts",
    },
    {
      page: "docs/serverless.md",
      begins: ["// traced.mjs", "// handler.mjs", "// lambda-instrumentation.mjs"],
      ranBy: "test/docs/serverless.test.ts",
    },
    {
      page: "docs/migrating.md",
      begins: [" // instrumentation.mjs", " // app.mjs", " // both.mjs", " // otlp.mjs"],
      ranBy: "test/docs/migrating.test.ts",
    },
    {
      page: "docs/nextjs.md",
      begins: ["// src/instrumentation.ts", "// instrumentation.ts"],
      ranBy: "scripts/next/main.mjs",
    },
  ],
  drawings: [{ page: "docs/delivery.md", begin: "client → queue" }],
};
