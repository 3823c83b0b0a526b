import { errorsOf } from "../../src/testing/testing.js";
import type { IngestServer, ReadEnvelope } from "../../src/testing/testing.js";
import type { Application } from "../package/application.js";
import { arrivalLines } from "./arrivals.js";

/** What a program of the documentation leads to. */
export interface Outcome {
  readonly exitCode: number;
  /** Lines of the package on standard error, up to their first comma. */
  readonly complaints: readonly string[];
  readonly leadsTo: readonly string[];
}

const END = "the program has ended";

// A program has ended when its process has nothing more to do, which is when Node emits `beforeExit`.
const IN_TURN = `
  import { captureMessage, flush } from "otel-sentry-bridge";
  const programs = process.argv.slice(2);
  let next = 0;
  let isBusy = false;
  process.on("beforeExit", async () => {
    if (isBusy || next > programs.length) return;
    isBusy = true;
    if (next > 0) await ended();
    const program = programs[next++];
    if (program !== undefined) await import("./" + program);
    isBusy = false;
  });
  async function ended() {
    await flush(20_000);
    captureMessage("${END}");
    await flush(20_000);
    console.log("${END}");
    console.error("${END}");
  }
`;

/** Runs programs of an application, and collects what arrives at the server. */
export class FragmentRuns {
  readonly #app: Application;
  readonly #server: IngestServer;

  constructor(app: Application, server: IngestServer) {
    this.#app = app;
    this.#server = server;
  }

  /** Runs a program in a process of its own. */
  async alone(args: readonly string[]): Promise<Outcome> {
    const { exitCode, stdout, stderr } = await this.#run(args);
    return this.#outcome({ exitCode, stdout, stderr, envelopes: this.#server.envelopes });
  }

  /** Runs programs one after the other in one process. */
  async inTurn(flags: readonly string[], programs: readonly string[]): Promise<Outcome[]> {
    this.#app.write("in-turn.mjs", IN_TURN);
    const { exitCode, ...output } = await this.#run([...flags, "in-turn.mjs", ...programs]);
    const stdout = output.stdout.split(`${END}\n`);
    const stderr = output.stderr.split(`${END}\n`);
    const envelopes = envelopesOfEach(this.#server.envelopes);
    const ended = envelopes.length - 1;
    if (ended < programs.length)
      throw new Error(`${programs[ended]} did not end: ${output.stderr}`);
    return programs.map((_program, index) =>
      this.#outcome({
        exitCode,
        stdout: stdout[index] ?? "",
        stderr: stderr[index] ?? "",
        envelopes: envelopes[index] ?? [],
      }),
    );
  }

  #run(args: readonly string[]) {
    this.#server.clear();
    return this.#app.node(args, {
      SENTRY_DSN: this.#server.dsn,
      PATH: process.env["PATH"] ?? "",
    });
  }

  #outcome(run: {
    readonly exitCode: number;
    readonly stdout: string;
    readonly stderr: string;
    readonly envelopes: readonly ReadEnvelope[];
  }): Outcome {
    const printed = run.stdout.split("\n").filter((line) => line !== "");
    return {
      exitCode: run.exitCode,
      complaints:
        run.stderr
          .replaceAll(new URL(this.#server.dsn).host, "<host>")
          .match(/^otel-sentry-bridge[^,\n]*/gm) ?? [],
      leadsTo: [
        ...arrivalLines(run.envelopes),
        ...printed.map((line) => `prints ${line}`),
      ].toSorted(),
    };
  }
}

function envelopesOfEach(envelopes: readonly ReadEnvelope[]): ReadEnvelope[][] {
  const each: ReadEnvelope[][] = [[]];
  for (const envelope of envelopes) {
    if (errorsOf([envelope]).some(({ logentry }) => logentry?.["message"] === END)) each.push([]);
    else each.at(-1)?.push(envelope);
  }
  return each;
}
