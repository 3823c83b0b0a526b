import dns from "node:dns";
import { Socket, connect, createServer } from "node:net";

import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";

import {
  ExitWatch,
  isBlockedByOwnRequestsOnly,
  trackSocket,
  trackedLookup,
} from "../../../src/delivery/http/exit-watch.js";
import type { ManualTimers } from "../manual-timers.js";
import { manualTimers } from "../manual-timers.js";

interface State {
  isBusy: boolean;
  isBlockingExit: boolean;
  looks: number;
  letGos: number;
}

function watch(): { lonely: ExitWatch; timers: ManualTimers; state: State } {
  const timers = manualTimers();
  const state: State = { isBusy: true, isBlockingExit: false, looks: 0, letGos: 0 };
  const lonely = new ExitWatch({
    timers,
    isBusy: () => state.isBusy,
    isBlockingExit() {
      state.looks += 1;
      return state.isBlockingExit;
    },
    onBlockingExit: () => void (state.letGos += 1),
  });
  return { lonely, timers, state };
}

describe("a process that lives for its connections alone", () => {
  it("is noticed within half a second, and asks nothing more of the system", async () => {
    const { lonely, timers, state } = watch();
    state.isBlockingExit = true;
    expect(lonely.mayStart()).toBe(true);
    await timers.advance(500);
    expect(state.letGos).toBe(1);
    expect(lonely.mayStart()).toBe(false);
    expect(timers.pending).toBe(0);
  });

  it("may go on as soon as somebody waits, or something else has to be done", async () => {
    const { lonely, timers, state } = watch();
    state.isBlockingExit = true;
    lonely.mayStart();
    await timers.advance(500);
    state.isBlockingExit = false;
    expect(lonely.mayStart()).toBe(true);
    await timers.advance(500);
    expect(state.letGos).toBe(1);
  });

  it("is looked for again, as long as the system is busy", async () => {
    const { lonely, timers, state } = watch();
    lonely.mayStart();
    await timers.advance(500);
    await timers.advance(500);
    expect([state.looks, state.letGos]).toEqual([2, 0]);
    state.isBlockingExit = true;
    await timers.advance(500);
    expect(state.letGos).toBe(1);
  });

  it("is not looked for where the system has nothing to do, and costs no timer then", async () => {
    const { lonely, timers, state } = watch();
    state.isBusy = false;
    for (let count = 0; count < 10; count += 1) expect(lonely.mayStart()).toBe(true);
    expect(timers.pending).toBe(1);
    await timers.advance(500);
    expect([state.looks, timers.pending]).toEqual([0, 0]);
  });

  it("is not looked for any more once the watch has stopped", async () => {
    const { lonely, timers } = watch();
    lonely.mayStart();
    lonely.stop();
    expect(timers.pending).toBe(0);
  });
});

describe("what keeps the process alive", () => {
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
  ])("is not ours: %s", (_what, names) => {
    active = names;
    expect(isBlockedByOwnRequestsOnly()).toBe(false);
  });

  it("is ours: a lookup, until it has ended", () => {
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

  it("is not the standard output, which is listed all the same; but another pipe is", () => {
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

  it("is ours: a connection that is being made, but nothing beside it", async () => {
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
