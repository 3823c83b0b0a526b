import { spawn } from "node:child_process";
import { once } from "node:events";
import { copyFileSync, readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { text } from "node:stream/consumers";

import { afterAll, beforeAll, describe, expect, it, onTestFinished, vi } from "vitest";

import type { DoctorReport } from "../../src/doctor/finding.js";
import { SDK_BASE } from "../setup/traced-application.js";
import { installApplication } from "../package/application.js";
import type { Application } from "../package/application.js";

let app: Application;

beforeAll(() => {
  app = installApplication(SDK_BASE);
  copyFileSync(join(import.meta.dirname, "fixtures/kit.mjs"), join(app.directory, "kit.mjs"));
});
afterAll(() => app.remove());

interface Ended {
  readonly exitCode: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

// Set by the one test that needs some.
let variables: Readonly<Record<string, string>> = {};

/** Runs the doctor on a program, by the command in `args` if there is one, and passes its first output to `then`. */
async function doctored(
  program: string,
  args: readonly string[],
  then: (pid: number) => void = () => {},
): Promise<Ended> {
  app.write("app.mjs", program);
  const cli = join(app.packageDirectory, "dist/cli.cjs");
  const child = spawn(
    process.execPath,
    [cli, "doctor", ...args, ...(args.includes("--") ? [] : ["--", process.execPath, "app.mjs"])],
    {
      cwd: app.directory,
      env: variables,
      stdio: ["ignore", "pipe", "pipe"],
    },
  );
  const [stdout, stderr] = [text(child.stdout), text(child.stderr)];
  if (then.length > 0) {
    await once(child.stdout, "data");
    then(child.pid ?? 0);
  }
  const [exitCode] = (await once(child, "close")) as [number | null];
  return { exitCode, stdout: await stdout, stderr: await stderr };
}

const TRACED = 'import { inSpan, setUp, tick, tracer } from "./kit.mjs"; setUp();';
const ENDS = `${TRACED} await inSpan("job", tick);`;
const READY = 'console.log("ready"); setInterval(() => {}, 1000);';
const SERVES = `${ENDS} ${READY}`;
// The SDK takes longer to load than the package, and signals are the same without it.
const SERVES_WITHOUT_SDK = `
  import { captureMessage, createClient } from "otel-sentry-bridge";
  import { createMemoryTransport } from "otel-sentry-bridge/testing";
  const client = createClient({ dsn: "https://key@sentry.example/1", transport: createMemoryTransport() });
  captureMessage("served");
  await client.flush();
  ${READY}`;

describe("the doctor, and an application that", () => {
  it("prints and ends: leaves its output, and reports after it", async () => {
    const { exitCode, stdout } = await doctored(`${ENDS} console.log("done");`, []);

    expect(exitCode).toBe(0);
    expect(stdout).toMatch(/^done\notel-sentry-bridge doctor [\d.]+: node app\.mjs, Node/);
    expect(stdout).toContain("No faults were found.");
  });

  it("prints while the report is JSON: its output goes to standard error", async () => {
    const { stdout, stderr } = await doctored(`${ENDS} console.log("done");`, ["--json"]);

    expect((JSON.parse(stdout) as DoctorReport).findings).toEqual([]);
    expect(stderr).toBe("done\n");
  });

  it("fails: keeps its exit code", async () => {
    const { exitCode, stdout } = await doctored(`${ENDS} process.exitCode = 7;`, []);

    expect(exitCode).toBe(7);
    expect(stdout).toContain("No faults were found.");
  });

  it("throws before anything is set up: reports what it can", async () => {
    const { exitCode, stdout } = await doctored(`${TRACED} throw new Error("failed");`, []);

    expect(exitCode).toBe(1);
    expect(stdout).toContain("otel-sentry-bridge doctor");
  });

  it.each(["SIGTERM", "SIGINT"] as const)(
    "ends by %s: reports, and ends by that signal",
    async (signal) => {
      const { exitCode, stdout } = await doctored(SERVES_WITHOUT_SDK, [], (pid) =>
        process.kill(pid, signal),
      );

      expect(exitCode).toBe(signal === "SIGTERM" ? 143 : 130);
      expect(stdout).toContain("No faults were found.");
    },
  );

  it("is started by a shell, which ends at SIGTERM before it: gets the signal as well, and reports", async () => {
    const shell = ["--", "/bin/sh", "-c", `${process.execPath} app.mjs; exit 5`];
    const { stdout } = await doctored(SERVES_WITHOUT_SDK, shell, (pid) =>
      process.kill(pid, "SIGTERM"),
    );

    expect(stdout).toContain("doctor");
    expect(stdout).toContain("No faults were found.");
  });

  it("was started by npx, which ends without passing the signal on: is ended, and reports", async () => {
    const cli = join(app.packageDirectory, "dist/cli.cjs");
    app.write("served.mjs", SERVES_WITHOUT_SDK);
    app.write(
      "npx.mjs",
      `import { spawn } from "node:child_process";
      import { openSync, readFileSync } from "node:fs";
      const args = [${JSON.stringify(cli)}, "doctor", "--", process.execPath, "served.mjs"];
      const env = { ...process.env, npm_command: "exec" };
      spawn(process.execPath, args, { env, stdio: ["ignore", openSync("npx.txt", "w"), "ignore"] });
      setInterval(() => {
        if (readFileSync("npx.txt", "utf8").includes("ready")) process.kill(process.pid, "SIGKILL");
      }, 50);`,
    );
    const output = (): string => readFileSync(join(app.directory, "npx.txt"), "utf8");

    await expect(app.node(["npx.mjs"])).rejects.toThrow("Command failed");
    await vi.waitFor(() => expect(output()).toContain("No faults were found."), 30_000);
  });

  it("has got SIGTERM from a shell that ends: gets no second one, and ends in its own way", async () => {
    // Idle before it is ready: signals that wait for a busy process become one.
    app.write(
      "once.mjs",
      'process.once("SIGTERM", () => setTimeout(() => { console.log("bye"); process.exit(); }, 500)); setTimeout(console.log, 300, "ready"); setInterval(() => {}, 1000);',
    );
    const passes = `trap 'kill -TERM $app; exit 5' TERM; ${process.execPath} once.mjs & app=$!; wait`;
    const { stdout } = await doctored("", ["--", "/bin/sh", "-c", passes], (pid) =>
      process.kill(pid, "SIGTERM"),
    );

    expect(stdout).toMatch(/^ready\nbye\notel-sentry-bridge doctor/);
  });

  it("has no directory for temporary files: runs, reports, and leaves none of its own", async () => {
    variables = { TMPDIR: "/no/such/directory" };
    onTestFinished(() => void (variables = {}));

    const { exitCode, stdout } = await doctored(ENDS, []);

    expect(exitCode).toBe(0);
    expect(stdout).toContain("No faults were found.");
    expect(readdirSync(app.directory).filter((name) => name.includes("doctor"))).toEqual([]);
  });

  it("starts worker threads: they load nothing of the doctor", async () => {
    const loaded = `
      import { Worker } from "node:worker_threads";
      ${ENDS}
      const code = "console.log('loaded', Object.keys(require.cache).filter((file) => /doctor.cjs|run.cjs/.test(file)).length)";
      new Worker(code, { eval: true });`;

    expect((await doctored(loaded, [])).stdout).toContain("loaded 0");
  });

  it("handles SIGTERM itself: lets it end in its own way, and names what is lost then", async () => {
    const handled = `process.on("SIGTERM", () => { tracer.startSpan("last").end(); console.log("bye"); process.exit(3); }); ${SERVES}`;
    const { exitCode, stdout } = await doctored(handled, [], (pid) => process.kill(pid, "SIGTERM"));

    expect(exitCode).toBe(3);
    expect(stdout).toMatch(/bye\notel-sentry-bridge doctor[^]*ERROR D18 final-loss/);
  });

  it("flushes at SIGTERM to a server that does not answer: reports what is lost then", async () => {
    const flushes = `
      import { captureMessage, createClient, setClient } from "otel-sentry-bridge";
      const dsn = "http://key@127.0.0.1:9/1";
      setClient(createClient({ dsn, flushOnSignals: true, shutdownTimeoutMillis: 100 }));
      captureMessage("lost");
      ${SERVES}`;
    const { exitCode, stdout } = await doctored(flushes, [], (pid) => process.kill(pid, "SIGTERM"));

    expect(exitCode).toBe(143);
    expect(stdout).toContain("ERROR D18 final-loss");
  });

  it("runs below a shell and gets SIGUSR2: reports to standard error, and the shell goes on", async () => {
    const waits = `process.on("SIGUSR2", () => setTimeout(() => process.exit(), 100)); ${SERVES_WITHOUT_SDK}`;
    const shell = ["--", "/bin/sh", "-c", `${process.execPath} app.mjs; exit 5`];
    const { exitCode, stderr } = await doctored(waits, shell, (pid) =>
      process.kill(pid, "SIGUSR2"),
    );

    expect(exitCode).toBe(5);
    expect(stderr).toContain("No faults were found.");
  });

  it("gets SIGUSR2: reports to standard error, and goes on", async () => {
    const waits = `process.on("SIGUSR2", () => setTimeout(() => process.exit(), 100)); ${SERVES_WITHOUT_SDK}`;
    const { exitCode, stderr } = await doctored(waits, [], (pid) => process.kill(pid, "SIGUSR2"));

    expect(exitCode).toBe(0);
    expect(stderr).toContain("No faults were found.");
  });

  it("starts a process: both report, without their arguments", async () => {
    const starts = `
      import { spawnSync } from "node:child_process";
      ${ENDS}
      if (process.argv[2] !== "--token=secret") spawnSync(process.execPath, ["app.mjs", "--token=secret"], { stdio: "inherit" });`;
    const { stdout } = await doctored(starts, []);

    expect(stdout.match(/doctor [\d.]+: node app\.mjs,/g)).toHaveLength(2);
    expect(stdout).not.toContain("secret");
  });

  it("shows names with control characters: they do not reach the terminal", async () => {
    const name = "a\\u001b[2Jb\\n\\u202e";
    const { stdout } = await doctored(`${TRACED} tracer.startSpan("${name}");`, []);

    expect(stdout).toContain("D15 open-spans");
    expect(stdout.replaceAll("\n", "")).not.toMatch(/\p{C}/u);
  });
});

it("a mode that there is not is named, and the process goes on", async () => {
  const { exitCode, stderr } = await app.node(
    ["--import", "otel-sentry-bridge/doctor", "-e", "1"],
    {
      OTEL_SENTRY_BRIDGE_DOCTOR: "1",
    },
  );

  expect(exitCode).toBe(0);
  expect(stderr).toContain("OTEL_SENTRY_BRIDGE_DOCTOR is not one of on, deep and off");
});

describe("the command `doctor -- <command>`", () => {
  it("fails if no process reports", async () => {
    const cli = join(app.packageDirectory, "dist/cli.cjs");

    const { exitCode, stdout } = await app.node([
      cli,
      "doctor",
      "--json",
      "--",
      "sh",
      "-c",
      "exit 0",
    ]);

    expect(exitCode).toBe(1);
    expect(JSON.parse(stdout)).toMatchObject({
      worst: "error",
      findings: [{ name: "no-report" }],
      others: [],
    });
  });

  it("names a program that cannot be started", async () => {
    const cli = join(app.packageDirectory, "dist/cli.cjs");

    const { exitCode, stderr } = await app.node([cli, "doctor", "--", "no-such-program"]);

    expect(exitCode).toBe(1);
    expect(stderr).toContain("`no-such-program` could not be started");
  });
});
