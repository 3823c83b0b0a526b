import { EventEmitter } from "node:events";

import { describe, expect, it } from "vitest";

import { ProcessEnd } from "../../src/setup/process-end.js";

/** A process whose events the test emits and whose kills it sees. */
class FakeProcess extends EventEmitter {
  readonly pid = 1;
  readonly kills: string[] = [];

  kill(_pid: number, signal: string): void {
    this.kills.push(signal);
  }
}

/** A client whose flushes end when the test says so. */
class FakeClient {
  captured = 0;
  flushes = 0;
  exits = 0;
  unfinished = 0;
  unrefs = 0;
  #end: ((isDone: boolean) => void) | undefined;

  activity(): number {
    return this.captured;
  }

  captureUnfinished(): void {
    this.captured += this.unfinished;
    this.unfinished = 0;
  }

  flush(): Promise<boolean> {
    this.flushes += 1;
    return new Promise((resolve) => {
      this.#end = resolve;
    });
  }

  async endFlush(isDone = true): Promise<void> {
    this.#end?.(isDone);
    await new Promise((resolve) => {
      setImmediate(resolve);
    });
  }

  unref(): void {
    this.unrefs += 1;
  }

  atExit(): void {
    this.exits += 1;
  }
}

// The flush begins after all listeners of the event.
const turn = (): Promise<void> =>
  new Promise((resolve) => {
    setImmediate(resolve);
  });

function setUp({ onSignals = false } = {}): {
  target: FakeProcess;
  end: ProcessEnd;
  client: FakeClient;
} {
  const target = new FakeProcess();
  const end = new ProcessEnd(target);
  const client = new FakeClient();
  end.add(client, onSignals);
  return { target, end, client };
}

describe("beforeExit", () => {
  it("flushes once for what was captured, so that a flush which fails cannot keep the process", async () => {
    const { target, client } = setUp();
    client.captured = 1;
    target.emit("beforeExit");
    await turn();
    await client.endFlush(false);
    target.emit("beforeExit");
    await turn();
    expect(client.flushes).toBe(1);
  });

  it("flushes again when something was captured since", async () => {
    const { target, client } = setUp();
    target.emit("beforeExit");
    await turn();
    await client.endFlush();
    client.captured = 1;
    target.emit("beforeExit");
    await turn();
    expect(client.flushes).toBe(2);
  });
});

describe("beforeExit after a signal that the application handles", () => {
  it("does not wait again for what the signal's flush could not get rid of", async () => {
    const { target, client } = setUp({ onSignals: true });
    target.on("SIGTERM", () => {});
    client.captured = 1;
    target.emit("SIGTERM", "SIGTERM");
    await client.endFlush(false);
    target.emit("beforeExit");
    await turn();
    expect(client.flushes).toBe(1);
  });

  it("flushes what was captured since", async () => {
    const { target, client } = setUp({ onSignals: true });
    target.on("SIGTERM", () => {});
    target.emit("SIGTERM", "SIGTERM");
    client.captured = 1;
    await client.endFlush(false);
    target.emit("beforeExit");
    await turn();
    expect(client.flushes).toBe(2);
  });
});

it.each(["beforeExit", "SIGTERM"])("%s captures what waits before it flushes", async (event) => {
  const { target, client } = setUp({ onSignals: true });
  client.unfinished = 1;
  target.emit(event, event);
  await turn();
  expect([client.captured, client.flushes]).toEqual([1, 1]);
});

it("a signal that the application handles itself leaves what waits alone", () => {
  const { target, client } = setUp({ onSignals: true });
  target.on("SIGTERM", () => {});
  client.unfinished = 1;
  target.emit("SIGTERM", "SIGTERM");
  expect([client.captured, client.flushes]).toEqual([0, 1]);
});

it("beforeExit lets go of what a flush could not get rid of", async () => {
  const { target, client } = setUp();
  target.emit("beforeExit");
  await turn();
  await client.endFlush(true);
  expect(client.unrefs).toBe(0);
  client.captured = 1;
  target.emit("beforeExit");
  await turn();
  await client.endFlush(false);
  expect(client.unrefs).toBe(1);
});

it("beforeExit flushes no more than 10 times, for who captures something each time", async () => {
  const { target, client } = setUp();
  for (let round = 0; round < 15; round += 1) {
    client.captured += 1;
    target.emit("beforeExit");
    await turn();
    await client.endFlush();
  }
  expect([client.flushes, client.unrefs]).toEqual([10, 5]);
});

it("exit lets each client save what it can", () => {
  const { target, end, client } = setUp();
  const other = new FakeClient();
  end.add(other, false);
  target.emit("exit");
  expect([client.exits, other.exits]).toEqual([1, 1]);
});

describe("a signal", () => {
  it("is nobody's business without the option", () => {
    const { target } = setUp();
    expect(target.listenerCount("SIGTERM") + target.listenerCount("SIGINT")).toBe(0);
  });

  it.each(["SIGTERM", "SIGINT"])("%s is raised again after the flush", async (signal) => {
    const { target, client } = setUp({ onSignals: true });
    target.emit(signal, signal);
    expect(client.flushes).toBe(1);
    expect(target.kills).toEqual([]);
    await client.endFlush();
    expect(target.kills).toEqual([signal]);
    expect(target.listenerCount(signal)).toBe(0);
    expect(client.exits).toBe(1);
  });

  it("that comes again ends the process at once", () => {
    const { target } = setUp({ onSignals: true });
    target.emit("SIGINT", "SIGINT");
    target.emit("SIGINT", "SIGINT");
    expect(target.kills).toEqual(["SIGINT"]);
  });

  it("for which the application has a listener is flushed for, and not raised", async () => {
    const { target, client } = setUp({ onSignals: true });
    target.on("SIGTERM", () => {});
    target.emit("SIGTERM", "SIGTERM");
    await client.endFlush();
    expect(client.flushes).toBe(1);
    expect(target.kills).toEqual([]);
  });
});

it("a listener of the application's that is called once still has the process to itself", async () => {
  const { target, client } = setUp({ onSignals: true });
  target.once("SIGTERM", () => {});
  target.emit("SIGTERM", "SIGTERM");
  await client.endFlush();
  expect(target.kills).toEqual([]);
});

it("the copy that is done first saves what it has, since no event follows for it", async () => {
  const { target, client } = setUp({ onSignals: true });
  const other = new FakeClient();
  new ProcessEnd(target).add(other, true);
  target.emit("SIGTERM", "SIGTERM");
  await client.endFlush();

  expect([client.exits, other.exits]).toEqual([1, 0]);
  expect(target.kills).toEqual([]);
});

it("two copies of the package end the process when both are done", async () => {
  const { target, client } = setUp({ onSignals: true });
  const other = new FakeClient();
  new ProcessEnd(target).add(other, true);
  target.emit("SIGTERM", "SIGTERM");
  await client.endFlush();
  expect(target.kills).toEqual([]);
  await other.endFlush();
  expect(target.kills).toEqual(["SIGTERM"]);
});

it("leaves no listener behind when the last client is gone", () => {
  const { target, end, client } = setUp({ onSignals: true });
  const other = new FakeClient();
  end.add(other, true);
  end.remove(client);
  expect(target.listenerCount("exit")).toBe(1);
  end.remove(other);
  end.remove(other);
  expect(target.eventNames()).toEqual([]);
});

it("has one listener for each event, however many clients there are", () => {
  const { target, end } = setUp({ onSignals: true });
  for (let count = 0; count < 20; count += 1) end.add(new FakeClient(), true);
  expect(target.eventNames().map((name) => target.listenerCount(name))).toEqual([1, 1, 1, 1]);
});
