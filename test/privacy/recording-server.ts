import { fork } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";

import { afterAll } from "vitest";

/** A server in another process that keeps every byte it receives. */
export interface RecordingServer {
  readonly dsn: string;
  /** Everything that was received, decompressed, followed by its unescaped forms. */
  readonly received: () => Promise<string>;
}

// All servers of a test file are in one process: to start it takes more CPU time than most tests.
let shared: ChildProcess | undefined;
afterAll(() => void shared?.kill());

function startProcess(): ChildProcess {
  return fork(join(import.meta.dirname, "fixtures", "recording-server.mjs"), { execArgv: [] });
}

let lastAnswer: Promise<unknown> = Promise.resolve();

// An answer does not name its question, so each question waits for the answer to the one before.
function ask<T>(child: ChildProcess, question: object): Promise<T> {
  const answer = lastAnswer.then(async () => {
    const next = once(child, "message");
    child.send(question);
    const [message] = (await next) as [T];
    return message;
  });
  lastAnswer = answer.catch(() => {});
  return answer;
}

/** Starts a server; it ends with the test file. */
export async function startRecordingServer(): Promise<RecordingServer> {
  const child = (shared ??= startProcess());
  const { port } = await ask<{ readonly port: number }>(child, {});
  return {
    dsn: `http://0123456789abcdef0123456789abcdef@127.0.0.1:${port}/1`,
    received: async () => {
      const { texts } = await ask<{ readonly texts: readonly string[] }>(child, { port });
      const text = texts.join("\n");
      return [
        text,
        unescaped(text),
        unescaped(unescaped(text)),
        percentDecoded(text),
        base64Decoded(text),
      ].join("\n");
    },
  };
}

function unescaped(text: string): string {
  return text
    .replaceAll(/\\u([\da-f]{4})/gi, (_all, code: string) =>
      String.fromCharCode(Number.parseInt(code, 16)),
    )
    .replaceAll(/\\(["\\/])/g, "$1");
}

function percentDecoded(text: string): string {
  return text.replaceAll(/(?:%[\da-f]{2})+/gi, (escape) =>
    Buffer.from(escape.replaceAll("%", ""), "hex").toString("utf8"),
  );
}

function base64Decoded(text: string): string {
  return (text.match(/[A-Za-z\d+/]{16,}={0,2}/g) ?? [])
    .map((encoded) => Buffer.from(encoded, "base64").toString("latin1"))
    .join("\n");
}
