import { getSpanStatusFromHttpCode } from "@sentry/core";
import fc from "fast-check";
import { describe, expect, it } from "vitest";

import { STATUS_BY_GRPC_CODE, inferStatus } from "../../src/semantics/infer-status.js";
import { STATUS_CODE } from "../../src/trace/span.js";
import { attributeBag } from "./attribute-bag.js";
import { runs } from "../property/runs.js";

const { UNSET, OK, ERROR } = STATUS_CODE;

describe("the status of a span", () => {
  it("is ok when nothing says otherwise", () => {
    expect(inferStatus(UNSET, undefined, {})).toBe("ok");
    expect(inferStatus(OK, undefined, {})).toBe("ok");
  });

  it("is the one that Sentry's own SDK gives to every HTTP code", () => {
    for (let code = 0; code <= 700; code += 1) {
      const { code: sentry, message } = getSpanStatusFromHttpCode(code);
      const expected = sentry === 1 ? "ok" : message;
      expect(inferStatus(UNSET, undefined, { "http.response.status_code": code }), `${code}`).toBe(
        expected,
      );
    }
  });

  it.each([
    { "http.response.status_code": 404 },
    { "http.response.status_code": "404" },
    { "http.status_code": 404 },
    { "http.status_code": "404" },
    { "http.response.status_code": 404, "http.status_code": 200 },
  ])("is not_found with %o", (attributes) => {
    expect(inferStatus(UNSET, undefined, attributes)).toBe("not_found");
  });

  it.each(["rpc.grpc.status_code", "rpc.response.status_code"])(
    "reads %s as number, digits and name",
    (key) => {
      for (const [code, status] of STATUS_BY_GRPC_CODE.entries()) {
        expect(inferStatus(UNSET, undefined, { [key]: code })).toBe(status);
        expect(inferStatus(UNSET, undefined, { [key]: `${code}` })).toBe(status);
      }
      expect(inferStatus(UNSET, undefined, { [key]: "UNAVAILABLE" })).toBe("unavailable");
      expect(inferStatus(UNSET, undefined, { [key]: "INTERNAL" })).toBe("internal_error");
      expect(inferStatus(UNSET, undefined, { [key]: "UNKNOWN" })).toBe("unknown_error");
      expect(inferStatus(UNSET, undefined, { [key]: "CANCELLED" })).toBe("cancelled");
      expect(inferStatus(UNSET, undefined, { [key]: "canceled" })).toBe("cancelled");
      expect(inferStatus(UNSET, undefined, { [key]: "OK" })).toBe("ok");
      expect(inferStatus(UNSET, undefined, { [key]: 99 })).toBe("unknown_error");
      expect(inferStatus(UNSET, undefined, { [key]: "-32602" })).toBe("unknown_error");
      expect(inferStatus(UNSET, undefined, { [key]: "SUCCESS" })).toBe("ok");
    },
  );

  it("is the RPC error that an HTTP 200 carries", () => {
    const attributes = { "http.response.status_code": 200, "rpc.grpc.status_code": 14 };
    expect(inferStatus(UNSET, undefined, attributes)).toBe("unavailable");
  });

  it("is one of Sentry's words when the message of an error is", () => {
    expect(inferStatus(ERROR, "deadline_exceeded", { "http.response.status_code": 500 })).toBe(
      "deadline_exceeded",
    );
    expect(inferStatus(ERROR, "cancelled", {})).toBe("cancelled");
  });

  it.each([undefined, "", "ok", "boom", "unknown"])(
    "of an error with the message %s is internal_error",
    (message) => {
      expect(inferStatus(ERROR, message, {})).toBe("internal_error");
      expect(inferStatus(ERROR, message, { "http.response.status_code": 200 })).toBe(
        "internal_error",
      );
      expect(inferStatus(ERROR, message, { "rpc.grpc.status_code": 0 })).toBe("internal_error");
    },
  );

  it("is ok when the code is OK and the answer was a 4xx", () => {
    expect(inferStatus(OK, undefined, { "http.response.status_code": 404 })).toBe("ok");
  });

  it("is one of Sentry's words whatever the attributes hold, and not ok after an error", () => {
    const words: readonly string[] = STATUS_BY_GRPC_CODE;
    const message = fc.option(fc.string(), { nil: undefined });
    fc.assert(
      fc.property(
        fc.integer({ min: -1, max: 4 }),
        message,
        attributeBag,
        (code, text, attributes) => {
          const status = inferStatus(code, text, attributes);
          expect(words).toContain(status);
          expect(code === ERROR && status === "ok").toBe(false);
        },
      ),
      { numRuns: runs(1000) },
    );
  });
});

describe("peer gap 2.4", () => {
  it("an OTel OK does not hide a 5xx", () => {
    expect(inferStatus(OK, undefined, { "http.response.status_code": 500 })).toBe("internal_error");
    expect(inferStatus(OK, undefined, { "http.status_code": "503" })).toBe("unavailable");
  });

  it("an error with a free message still has the status of its HTTP or gRPC code", () => {
    expect(inferStatus(ERROR, "no such user", { "http.status_code": 404 })).toBe("not_found");
    expect(inferStatus(ERROR, "14 UNAVAILABLE: down", { "rpc.grpc.status_code": 14 })).toBe(
      "unavailable",
    );
  });

  it("integer gRPC codes count", () => {
    expect(inferStatus(UNSET, undefined, { "rpc.grpc.status_code": 5 })).toBe("not_found");
  });

  it("the gRPC code 0 is ok", () => {
    expect(inferStatus(UNSET, undefined, { "rpc.grpc.status_code": "0" })).toBe("ok");
    expect(inferStatus(UNSET, undefined, { "rpc.grpc.status_code": 0 })).toBe("ok");
  });
});
