import { readFileSync } from "node:fs";
import { createServer } from "node:https";

import { describe, expect, it, vi } from "vitest";

import { openHttp, openTransport } from "./http-support.js";
import type { TestServer } from "./http-servers.js";
import { OK, accept, listening, pemOf, rawServer, secureDsn, sleep } from "./http-servers.js";
import { envelopeOf } from "../support.js";

interface TcpTimer {
  /** 2 is the keep-alive timer. */
  readonly kind: number;
  readonly seconds: number;
}

const end = (port = 0): string => `:${port.toString(16).toUpperCase().padStart(4, "0")}`;

// The kernel's own account of the client's end (Documentation/networking/proc_net_tcp.rst).
function timerOfClient({ sockets, port }: TestServer, account: string): TcpTimer | undefined {
  const [socket] = sockets;
  const row = readFileSync(account, "utf8")
    .split("\n")
    .map((line) => line.trim().split(/\s+/))
    .find(
      ([, local, remote]) =>
        local?.endsWith(end(socket?.remotePort)) === true && remote?.endsWith(end(port)) === true,
    );
  const [kind, jiffies] = row?.[5]?.split(":") ?? [];
  if (kind === undefined || jiffies === undefined) return undefined;
  return { kind: Number(kind), seconds: Number.parseInt(jiffies, 16) / 100 };
}

// Elsewhere the kernel does not tell.
const ACCOUNTS = process.platform === "linux" ? ["/proc/net/tcp"] : [];

describe.each(ACCOUNTS)("by %s the kernel probes a quiet connection", (account) => {
  it("after 45 seconds", async () => {
    const server = await rawServer((socket) => void socket.write(OK));
    const transport = openTransport(server.dsn);
    await transport.send(envelopeOf());
    const timer = timerOfClient(server, account);
    expect(timer?.kind).toBe(2);
    expect(timer?.seconds).toBeGreaterThan(40);
    expect(timer?.seconds).toBeLessThanOrEqual(45);
  });

  it("after the time that is set, over TLS as well", async () => {
    const tls = { key: pemOf("server-key"), cert: pemOf("server") };
    const server = await listening(createServer(tls, accept));
    const transport = openTransport(secureDsn(server), {
      caCerts: pemOf("ca"),
      tcpKeepAlive: { idleMillis: 20_000 },
    });
    await transport.send(envelopeOf());
    await sleep(300);
    const timer = timerOfClient(server, account);
    expect(timer?.kind).toBe(2);
    expect(timer?.seconds).toBeGreaterThan(15);
    expect(timer?.seconds).toBeLessThanOrEqual(20);
  });

  it("not at all when it is switched off", async () => {
    const server = await rawServer((socket) => void socket.write(OK));
    const transport = openTransport(server.dsn, { tcpKeepAlive: false });
    await transport.send(envelopeOf());
    await sleep(300);
    expect(timerOfClient(server, account)?.kind).toBe(0);
  });
});

describe("of a socket is asked", () => {
  it.each([
    [undefined, [true, 45_000, 10_000, 6]],
    [{ intervalMillis: 5000 }, [true, 45_000, 5000, 6]],
    [{ idleMillis: 1000, count: 2 }, [true, 1000, 10_000, 2]],
  ] as const)(
    "with %j, probes of %j, where Node takes all of it",
    async (tcpKeepAlive, expected) => {
      const { Socket } = await import("node:net");
      const spy = vi.spyOn(Socket.prototype, "setKeepAlive");
      const { transport } = await openHttp({ tcpKeepAlive });
      await transport.send(envelopeOf());
      expect(spy.mock.calls).toContainEqual(expected);
      spy.mockRestore();
    },
  );
});
