// Code at the start of the command line: without OpenTelemetry's API, which all of the package needs, nothing else can be loaded.
const FINDING = {
  rule: "D7",
  name: "no-api",
  severity: "error",
  summary: "@opentelemetry/api is not installed here.",
  count: 1,
  evidence: [],
  mechanism: "Without it no command can run.",
  fix: "Install it (for SDK 3.x, version 1.10):",
  code: "npm install @opentelemetry/api@1.9",
};

/** Prints the finding as the report of `doctor --json`, or as text, and ends the process. */
export const API_GUARD = `try {
  require.resolve("@opentelemetry/api");
} catch {
  const finding = ${JSON.stringify(FINDING)};
  const lock = ["pnpm-lock.yaml", "yarn.lock", "bun.lock"].find((file) => require("node:fs").existsSync(file));
  if (lock !== undefined) finding.code = finding.code.replace("npm install", lock.match(/\\w+/)[0] + " add");
  const { pid, versions: { node }, argv } = process;
  const own = argv.slice(2, [...argv, "--"].indexOf("--"));
  if (own.includes("--json")) console.log(JSON.stringify({
    version: require("../package.json").version, mode: "off", atMillis: Date.now(), process: { pid, node, command: process.cwd() }, worst: "error", facts: [], findings: [finding], others: []
  }));
  else console.error(\`ERROR \${finding.rule} \${finding.name}: \${finding.summary} \${finding.fix}\\n\${finding.code}\`);
  process.exit(1);
}`;
