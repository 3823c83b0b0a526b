import { describe, expect, it } from "vitest";

import { isWithoutProxy, noProxyEntries } from "../../../src/delivery/http/proxy-route.js";

const HOST = "https://o1.ingest.sentry.io";

describe("a host is reached without the proxy when `NO_PROXY` is", () => {
  it.each([
    ["*", HOST],
    ["sentry.io", HOST],
    [".sentry.io", HOST],
    ["*.sentry.io", HOST],
    ["SENTRY.IO", HOST],
    ["o1.ingest.sentry.io", HOST],
    ["localhost,sentry.io", HOST],
    ["localhost sentry.io", HOST],
    [" localhost ,\tsentry.io ,", HOST],
    ["sentry.io:443", HOST],
    ["sentry.io.", HOST],
    ["localhost", "http://localhost:9000"],
    ["localhost:9000", "http://localhost:9000"],
    ["127.0.0.1", "http://127.0.0.1:9000"],
    ["127.0.0.1:9000", "http://127.0.0.1:9000"],
    ["::1", "http://[::1]:9000"],
    ["[::1]", "http://[::1]:9000"],
    ["[::1]:9000", "http://[::1]:9000"],
    ["0:0:0:0:0:0:0:1", "http://[::1]:9000"],
    ["example.com:80", "http://example.com"],
  ])("%j: %s", (text, origin) => {
    expect(isWithoutProxy(origin, noProxyEntries(text))).toBe(true);
  });
});

describe("a host is reached through the proxy when `NO_PROXY` is", () => {
  it.each([
    ["", HOST],
    [",", HOST],
    [".", HOST],
    ["*.", HOST],
    ["try.io", HOST],
    ["entry.io", HOST],
    ["sentry.io:80", HOST],
    ["sentry.com", HOST],
    ["www.o1.ingest.sentry.io", HOST],
    ["https://sentry.io", HOST],
    ["27.0.0.1", "http://127.0.0.1:9000"],
    [".0.0.1", "http://127.0.0.1:9000"],
    ["127.0.0.1:9001", "http://127.0.0.1:9000"],
    ["localhost:9001", "http://localhost:9000"],
    ["[::1]:9001", "http://[::1]:9000"],
    ["::2", "http://[::1]:9000"],
  ])("%j: %s", (text, origin) => {
    expect(isWithoutProxy(origin, noProxyEntries(text))).toBe(false);
  });

  it("not set", () => {
    expect(isWithoutProxy(HOST, noProxyEntries(undefined))).toBe(false);
  });
});
