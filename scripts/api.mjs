// Writes the reports of the public declarations, api/*.api.md, from the built package. With --check it writes nothing, shows
// what differs, and fails.
import { spawnSync } from "node:child_process";
import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join, relative } from "node:path";
import { parseArgs } from "node:util";

import { Extractor, ExtractorConfig, ExtractorLogLevel } from "@microsoft/api-extractor";

const { values } = parseArgs({ options: { check: { type: "boolean", default: false } } });

const root = join(import.meta.dirname, "..");
const reports = join(root, "api");
const work = join(root, "node_modules/.cache/api");

// Of `register` and the command nothing is imported. `index` first: `testing` imports its declarations.
const ENTRIES = ["index", "doctor", "testing"];

const HIDDEN = { default: { logLevel: ExtractorLogLevel.None } };

function configOf(entry) {
  return ExtractorConfig.prepare({
    configObjectFullPath: undefined,
    packageJsonFullPath: join(root, "package.json"),
    configObject: {
      projectFolder: root,
      newlineKind: "lf",
      mainEntryPointFilePath: declarationsOf(entry),
      compiler: { tsconfigFilePath: join(root, "tsconfig.json") },
      apiReport: {
        enabled: true,
        reportFileName: `${entry}.api.md`,
        reportFolder: work,
        reportTempFolder: join(work, "temp"),
        includeForgottenExports: true,
      },
      messages: {
        extractorMessageReporting: HIDDEN,
        tsdocMessageReporting: HIDDEN,
        compilerMessageReporting: { default: { logLevel: ExtractorLogLevel.Error } },
      },
    },
  });
}

// A copy without tabs, which the extractor would print between its own spaces.
function declarationsOf(entry) {
  const copy = join(work, `${entry}.d.cts`);
  const text = readFileSync(join(root, "dist", `${entry}.d.cts`), "utf8");
  writeFileSync(
    copy,
    text.replaceAll(/^\t+/gm, (tabs) => "  ".repeat(tabs.length)),
  );
  return copy;
}

function reportOf(entry) {
  const { succeeded } = Extractor.invoke(configOf(entry), {
    localBuild: true,
    messageCallback(message) {
      if (message.logLevel !== ExtractorLogLevel.Error) message.handled = true;
    },
  });
  if (!succeeded) throw new Error(`no report could be made of dist/${entry}.d.cts`);
  return readFileSync(join(work, `${entry}.api.md`), "utf8");
}

function differs(entry, file, report) {
  const made = join(work, `${entry}.md`);
  writeFileSync(made, report);
  const args = ["diff", "--no-index", "--no-prefix", relative(root, file), relative(root, made)];
  return spawnSync("git", args, { cwd: root, stdio: "inherit" }).status !== 0;
}

rmSync(work, { recursive: true, force: true });
mkdirSync(work, { recursive: true });
mkdirSync(reports, { recursive: true });
const changed = ENTRIES.filter((entry) => {
  const file = join(reports, `${entry}.api.md`);
  const report = reportOf(entry);
  if (values.check) return differs(entry, file, report);
  writeFileSync(file, report);
  return false;
});
if (changed.length > 0) {
  console.error(
    `The public declarations of ${changed.join(" and ")} are not those of api/: users may notice the lines above. ` +
      "If they are meant to change, run `npm run api` and commit the result.",
  );
  process.exitCode = 1;
}
