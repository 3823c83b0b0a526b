import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { connect } from "node:tls";

import { expect, it, onTestFinished } from "vitest";

import { failureReason, isRefusal } from "../../../src/delivery/http/send-failures.js";

/** What a TLS handshake with a server that speaks plain HTTP fails with. */
async function handshakeWithPlainServer(): Promise<Error> {
  const server = createServer().listen(0, "127.0.0.1");
  onTestFinished(() => void server.close());
  await new Promise((resolve) => {
    server.once("listening", resolve);
  });
  const { port } = server.address() as AddressInfo;
  return new Promise((resolve) => {
    connect(port, "127.0.0.1").once("error", resolve);
  });
}

it("an https DSN for an http port is named as the cause, instead of OpenSSL's reason", async () => {
  const error = await handshakeWithPlainServer();
  const expected =
    /^the server does not speak TLS: does the DSN need http instead of https\? \(E\w+\)$/;
  expect(failureReason(error)).toMatch(expected);
  // As Node reports it of several addresses, and `fetch` of its one.
  for (const outer of [
    new AggregateError([error]),
    new TypeError("fetch failed", { cause: error }),
  ])
    expect(failureReason(outer)).toMatch(/^the server does not speak TLS/);
});

it.each([
  [Object.assign(new Error("write EPROTO"), { code: "EPROTO" }), "write EPROTO (EPROTO)"],
  [new Error("wrong version number"), "wrong version number"],
])("another failure keeps its message: %o", (error, reason) => {
  expect(failureReason(error)).toBe(reason);
});

it("an error that contains itself, of a custom transport, has a reason", () => {
  const cause = new Error("outer");
  cause.cause = cause;
  const group = new AggregateError([], "group");
  group.errors.push(group);
  expect([failureReason(cause), failureReason(group)]).toEqual(["outer", "group"]);
  expect([isRefusal(cause), isRefusal(group)]).toEqual([false, false]);
});

it("a certificate that was refused is named within the failure of `fetch`, too", () => {
  const cause = Object.assign(new Error("certificate has expired"), { code: "CERT_HAS_EXPIRED" });
  const failed = new TypeError("fetch failed", { cause });
  expect(failureReason(failed)).toBe(failureReason(cause));
  expect(isRefusal(failed)).toBe(true);
});
