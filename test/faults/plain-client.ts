import { Agent, request } from "node:http";
import type { IncomingMessage } from "node:http";
import { connect } from "node:net";
import type { Socket } from "node:net";

import { onTestFinished } from "vitest";

import type { EncodedEnvelope } from "../../src/protocol/envelope.js";
import type { FaultServer } from "./kit.js";
import { eventually } from "../time/wait-for.js";

/** A TCP connection that notes what it sees. */
export interface Wire {
  readonly socket: Socket;
  /** All that has come. */
  readonly text: string;
  /** `connect`, `end` (FIN), `close`, or the code of an error, in order. */
  readonly seen: readonly string[];
  /** Milliseconds from the connection to each entry of `seen`. */
  readonly at: readonly number[];
  /** Resolves when it was seen. */
  saw(what: string): Promise<void>;
  /** Resolves when the text holds. */
  got(part: string): Promise<void>;
  send(envelope: EncodedEnvelope): void;
}

/** Opens a connection for the length of the test. */
export async function openWire({ host, port }: FaultServer): Promise<Wire> {
  const start = performance.now();
  const seen: string[] = [];
  const at: number[] = [];
  let text = "";
  const note = (what: string): void => {
    seen.push(what);
    at.push(performance.now() - start);
  };
  const socket = connect({ host, port, allowHalfOpen: true });
  onTestFinished(() => void socket.destroy());
  socket.on("connect", () => note("connect"));
  socket.on("data", (chunk: Buffer) => (text += chunk.toString("latin1")));
  socket.on("end", () => note("end"));
  socket.on("error", (error) => note("code" in error ? String(error.code) : error.message));
  socket.on("close", () => note("close"));
  const saw = (what: string): Promise<void> => eventually(() => seen.includes(what));
  await saw("connect");
  return {
    socket,
    seen,
    at,
    saw,
    get text() {
      return text;
    },
    got: (part) => eventually(() => text.includes(part)),
    send: (envelope) => void socket.write(requestBytes(envelope.body)),
  };
}

/** A request as it goes over the wire. */
export function requestBytes(body: Buffer, headers: readonly string[] = []): Buffer {
  const head = ["POST /api/1/envelope/ HTTP/1.1", `Content-Length: ${body.length}`, ...headers];
  return Buffer.concat([Buffer.from(`${head.join("\r\n")}\r\n\r\n`), body]);
}

/** Keeps one connection, for the length of the test. */
export function keptAgent(): Agent {
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  onTestFinished(() => agent.destroy());
  return agent;
}

/** What became of a request of `node:http`. */
export interface PlainAnswer {
  readonly status: number | undefined;
  readonly headers: IncomingMessage["headers"];
  readonly informational: readonly number[];
  readonly body: string;
  /** The code of what broke it, before or after the head. */
  readonly error: string | undefined;
}

/** Posts an envelope with `node:http`; never rejects. */
export function post(
  { host, port }: FaultServer,
  { body }: EncodedEnvelope,
  agent?: Agent,
): Promise<PlainAnswer> {
  return new Promise((resolve) => {
    const answer = {
      status: undefined as number | undefined,
      headers: {} as IncomingMessage["headers"],
      informational: [] as number[],
      body: "",
      error: undefined as string | undefined,
    };
    const fail = (error: Error): void =>
      resolve({ ...answer, error: "code" in error ? String(error.code) : error.message });
    const options = { host, port, path: "/api/1/envelope/", method: "POST", agent };
    const outgoing = request(options, (response) => {
      answer.status = response.statusCode;
      answer.headers = response.headers;
      response.on("data", (chunk: Buffer) => (answer.body += chunk.toString()));
      response.on("error", fail);
      response.on("end", () => resolve(answer));
    });
    outgoing.on("information", ({ statusCode }) => answer.informational.push(statusCode));
    outgoing.on("error", fail);
    outgoing.end(body);
  });
}
