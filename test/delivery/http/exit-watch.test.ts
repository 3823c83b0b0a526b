import dns from "node:dns";
import { Socket, connect, createServer } from "node:net";

import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";

import {
  ExitWatch,
  isBlockedByOwnRequestsOnly,
  trackSocket,
  trackedLookup,
} from "../../../src/delivery/http/exit-watch.js";
import type { ManualTimers } from "../../time/manual-timers.js";
import { manualTimers } from "../../time/manual-timers.js";

interface State {
  isBusy: boolean;
  isBlockingExit: boolean;
  looks: number;
  calls: number;
}

function watch(): { lonely: ExitWatch; timers: ManualTimers; state: State } {
  const timers = manualTimers();
  const state: State = { isBusy: true, isBlockingExit: false, looks: 0, calls: 0 };
  const lonely = new ExitWatch({
    timers,
    isBusy: () => state.isBusy,
    isBlockingExit() {
      state.looks += 1;
      return state.isBlockingExit;
    },
    onBlockingExit: () => void (state.calls += 1),
  });
  return { lonely, timers, state };
}

describe("a process that only its connections keep alive", () => {
  it("is detected within half a second, and starts no further request", async () => {
    const { lonely, timers, state } = watch();
    state.isBlockingExit = true;
    expect(lonely.mayStart()).toBe(true);
    await timers.advance(500);
    expect(state.calls).toBe(1);
    expect(lonely.mayStart()).toBe(false);
    expect(timers.pending).toBe(0);
  });

  it("may go on as soon as a flush waits or there is other work", async () => {
    const { lonely, timers, state } = watch();
    state.isBlockingExit = true;
    lonely.mayStart();
    await timers.advance(500);
    state.isBlockingExit = false;
    expect(lonely.mayStart()).toBe(true);
    await timers.advance(500);
    expect(state.calls).toBe(1);
  });

  it("is checked for repeatedly while a request is pending", async () => {
    const { lonely, timers, state } = watch();
    lonely.mayStart();
    await timers.advance(500);
    await timers.advance(500);
    expect([state.looks, state.calls]).toEqual([2, 0]);
    state.isBlockingExit = true;
    await timers.advance(500);
    expect(state.calls).toBe(1);
  });

  it("is not checked for, and needs no timer, while nothing is pending", async () => {
    const { lonely, timers, state } = watch();
    state.isBusy = false;
    for (let count = 0; count < 10; count += 1) expect(lonely.mayStart()).toBe(true);
    expect(timers.pending).toBe(1);
    await timers.advance(500);
    expect([state.looks, timers.pending]).toEqual([0, 0]);
  });

  it("is not checked for once the watch has stopped", async () => {
    const { lonely, timers } = watch();
    lonely.mayStart();
    lonely.stop();
    expect(timers.pending).toBe(0);
  });
});

describe("the detection of what keeps the process alive", () => {
  let active: string[] = [];
  beforeEach(
    () => void vi.spyOn(process, "getActiveResourcesInfo").mockImplementation(() => active),
  );
  afterEach(() => void vi.restoreAllMocks());

  it.each([
    ["nothing", []],
    ["a timer", ["Timeout"]],
    ["a lookup of the application's", ["GetAddrInfoReqWrap"]],
    ["a connection of the application's that is being made", ["ConnectWrap"]],
    ["a write of the application's", ["WriteWrap"]],
  ])("attributes to the application: %s", (_what, names) => {
    active = names;
    expect(isBlockedByOwnRequestsOnly()).toBe(false);
  });

  it("attributes a DNS lookup to the transport until it has ended", () => {
    let end: (() => void) | undefined;
    vi.spyOn(dns, "lookup").mockImplementation(((
      _host: string,
      _options: object,
      done: () => void,
    ) => {
      end = done;
    }) as typeof dns.lookup);
    const callback = vi.fn<() => void>();
    trackedLookup("ingest.example.com", {}, callback);
    active = ["GetAddrInfoReqWrap"];
    expect(isBlockedByOwnRequestsOnly()).toBe(true);
    active = ["GetAddrInfoReqWrap", "GetAddrInfoReqWrap"];
    expect(isBlockedByOwnRequestsOnly()).toBe(false);
    end?.();
    active = ["GetAddrInfoReqWrap"];
    expect(isBlockedByOwnRequestsOnly()).toBe(false);
    expect(callback).toHaveBeenCalledOnce();
  });

  it("ignores the standard output although it is listed, but not another pipe", () => {
    const handles = [{ fd: 1 }, { fd: 0 }, {}];
    const target = process as unknown as { _getActiveHandles: () => object[] };
    vi.spyOn(target, "_getActiveHandles").mockImplementation(() => handles);
    const socket = Object.assign(new Socket(), { connecting: true });
    trackSocket(socket);
    active = ["ConnectWrap", "PipeWrap"];
    expect(isBlockedByOwnRequestsOnly()).toBe(true);
    active = ["ConnectWrap", "PipeWrap", "PipeWrap"];
    expect(isBlockedByOwnRequestsOnly()).toBe(false);
    active = ["PipeWrap"];
    expect(isBlockedByOwnRequestsOnly()).toBe(false);
    socket.emit("close");
  });

  it("attributes a connection attempt to the transport, but nothing else", async () => {
    const server = createServer().listen(0, "127.0.0.1");
    await new Promise((resolve) => void server.once("listening", resolve));
    const address = server.address();
    const port = typeof address === "object" && address !== null ? address.port : 0;
    const socket = connect(port, "127.0.0.1");
    trackSocket(socket);
    active = ["ConnectWrap"];
    expect(isBlockedByOwnRequestsOnly()).toBe(true);
    active = ["ConnectWrap", "Timeout"];
    expect(isBlockedByOwnRequestsOnly()).toBe(false);
    await new Promise((resolve) => void socket.once("connect", resolve));
    active = ["ConnectWrap"];
    expect(isBlockedByOwnRequestsOnly()).toBe(false);
    socket.destroy();
    server.close();
  });
});
