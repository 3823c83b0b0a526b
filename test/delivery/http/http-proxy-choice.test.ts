import { createServer as createHttpsServer } from "node:https";
import { inspect } from "node:util";

import { describe, expect, it } from "vitest";

import { OptionsError } from "../../../src/protocol/errors.js";
import { httpTransport, openHttp, openTransport } from "./http-support.js";
import { SECRET, TLS, caCerts, openBoth, openProxy, urlOf } from "./http-proxy-server.js";
import { accept, listening, secureDsn } from "./http-servers.js";
import { envelopeOf, recordingDiagnostics } from "../support.js";
import { trustFewRoots } from "./few-roots.js";

trustFewRoots();

describe("which proxy is used", () => {
  const unreachable = "http://127.0.0.1:1";

  it("none, with `false`, whatever the environment says", async () => {
    const { transport } = await openHttp({
      proxy: false,
      proxyEnvironment: { http: unreachable },
    });
    expect(await transport.send(envelopeOf())).toMatchObject({ outcome: "delivered" });
  });

  it("that of the environment, by the scheme of the server", async () => {
    const proxy = await openProxy();
    const server = await listening(createHttpsServer(TLS, accept));
    const transport = openTransport(secureDsn(server), {
      caCerts,
      proxyEnvironment: { https: urlOf(proxy), http: unreachable },
    });
    expect(await transport.send(envelopeOf())).toMatchObject({ outcome: "delivered" });
    expect(proxy.tunnels).toHaveLength(1);
  });

  it("that for http also for https, where there is no other", async () => {
    const proxy = await openProxy();
    const server = await listening(createHttpsServer(TLS, accept));
    const transport = openTransport(secureDsn(server), {
      caCerts,
      proxyEnvironment: { http: urlOf(proxy) },
    });
    expect(await transport.send(envelopeOf())).toMatchObject({ outcome: "delivered" });
    expect(proxy.tunnels).toHaveLength(1);
  });

  it("that for https not for http", async () => {
    const { transport } = await openHttp({ proxyEnvironment: { https: unreachable } });
    expect(await transport.send(envelopeOf())).toMatchObject({ outcome: "delivered" });
  });

  it("the option's before the environment's", async () => {
    const { transport, proxy } = await openBoth({ proxyEnvironment: { https: unreachable } });
    expect(await transport.send(envelopeOf())).toMatchObject({ outcome: "delivered" });
    expect(proxy.tunnels).toHaveLength(1);
  });

  it("none for a host that is left out, by option or environment", async () => {
    const byOption = await openHttp({ proxy: unreachable, noProxy: ["127.0.0.1"] });
    expect(await byOption.transport.send(envelopeOf())).toMatchObject({ outcome: "delivered" });
    const byEnvironment = await openHttp({
      proxyEnvironment: { http: unreachable, noProxy: "localhost, 127.0.0.1" },
    });
    expect(await byEnvironment.transport.send(envelopeOf())).toMatchObject({
      outcome: "delivered",
    });
  });

  it("one that is written without a scheme", async () => {
    const proxy = await openProxy();
    const transport = openTransport("http://key@ingest.example/7", {
      proxyEnvironment: { http: urlOf(proxy).replace("http://", "") },
    });
    expect(await transport.send(envelopeOf())).toMatchObject({ outcome: "delivered" });
    expect(proxy.forwarded).toHaveLength(1);
  });
});

describe("credentials of a proxy", () => {
  it.each(["socks5://me:p%40ss@localhost:1", "http://me:p%40ss@:1", "http://me:p%40ss@h:x"])(
    "are not shown when the environment's value is not a proxy: %s",
    async (value) => {
      const { diagnostics, warnings } = recordingDiagnostics();
      const { transport } = await openHttp({ diagnostics, proxyEnvironment: { http: value } });
      expect(await transport.send(envelopeOf())).toMatchObject({ outcome: "delivered" });
      expect(warnings).toHaveLength(1);
      expect(warnings[0]).toMatch(/HTTP_PROXY/);
      expect(warnings[0]).not.toMatch(SECRET);
    },
  );

  it.each(["socks5://me:p%40ss@localhost:1", "me:p%40ss@localhost:1", "http://me:p@ss@h:x"])(
    "are not shown when the option's value is refused: %s",
    (proxy) => {
      const build = () => httpTransport("http://key@127.0.0.1/1", { proxy });
      expect(build).toThrow(OptionsError);
      expect(build).toThrow(/transport\.proxy/);
      expect(build).not.toThrow(SECRET);
    },
  );

  it.each([407, 403, 502])("are not shown by a failure: HTTP %i", async (status) => {
    const { proxy, server } = await openBoth();
    proxy.refuse = status;
    const { diagnostics, warnings } = recordingDiagnostics();
    const transport = openTransport(secureDsn(server), { diagnostics, proxy: urlOf(proxy) });
    const result = await transport.send(envelopeOf());
    expect(result).toMatchObject({ outcome: "retryable" });
    expect(inspect([result, warnings], { depth: 10, showHidden: true })).not.toMatch(SECRET);
    expect(JSON.stringify(result)).not.toMatch(SECRET);
  });

  it("may contain an unescaped %", async () => {
    const proxy = await openProxy();
    const transport = openTransport("http://key@ingest.example/7", {
      proxy: `http://me:100%@localhost:${proxy.port}`,
    });
    expect(await transport.send(envelopeOf())).toMatchObject({ phase: "refused" });
  });
});
