import type { Server, Socket } from "node:net";
import { createServer } from "node:net";

import fc from "fast-check";
import { describe, expect, it, onTestFinished } from "vitest";

import { retryAfterMillis } from "../../../src/delivery/retry/back-off.js";
import type { HttpTransport } from "../../../src/delivery/http/http-transport.js";
import { createRateLimits } from "../../../src/delivery/rate-limits.js";
import type { SendResult } from "../../../src/delivery/transport.js";
import { heldSocketsTo } from "../../faults/kernel-sockets.js";
import type { WirePlan } from "./fuzz-wire-plans.js";
import { wirePlans } from "./fuzz-wire-plans.js";
import type { TestServer } from "./http-servers.js";
import { OK, listening, sleep } from "./http-servers.js";
import { openTransport } from "./http-support.js";
import { envelopeOf } from "../support.js";
import { SEED, times } from "../../property/runs.js";
import { eventually } from "../../time/wait-for.js";

process.stdout.write(`hostile servers by seed ${SEED}\n`);

const DAY = 24 * 60 * 60 * 1000;
const SENDS_AT_ONCE = 48;

const TIMES = {
  connectTimeoutMillis: 200,
  headersTimeoutMillis: 120,
  bodyTimeoutMillis: 120,
  totalTimeoutMillis: 250,
  idleTimeoutMillis: 100,
};

// For a machine that has other work as well.
const LATE_MILLIS = 5000;

interface Sent {
  readonly plan: WirePlan;
  readonly result: SendResult;
  readonly millis: number;
}

describe("hostile answers on the wire", () => {
  it("of a server each yield a result in time, and leave no socket or timer behind", async () => {
    const uncaught = uncaughtErrors();
    const planOf = new Map<string, WirePlan>();
    const server = await listening(hostileServer((id) => planOf.get(id)));
    const transport = openTransport(server.dsn, { ...TIMES, maxConnections: SENDS_AT_ONCE });

    const sent = await sendAll(transport, fc.sample(wirePlans, times(4000)), planOf);

    expect(sent.map(trouble).filter((each) => each !== undefined)).toEqual([]);
    await expectUsable(transport);
    await expectNothingOpen(transport, server);
    expect(uncaught).toEqual([]);
  });

  it("of a proxy that is asked for a tunnel each fail in time, and leave no socket or timer behind", async () => {
    const uncaught = uncaughtErrors();
    const plans = fc.sample(wirePlans, times(500));
    let asked = 0;
    const server = await listening(
      createServer((socket) => {
        socket.once("data", () => void answer(socket, plans[asked++ % plans.length]));
      }),
    );
    const transport = openTransport("https://0123456789abcdef0123456789abcdef@192.0.2.1/1", {
      ...TIMES,
      maxConnections: SENDS_AT_ONCE,
      proxy: `http://user:secret@127.0.0.1:${server.port}`,
    });

    const sent = await sendAll(transport, plans, new Map());

    // On a busy machine the connect deadline passes before the proxy of this very process is asked: that is an outcome, too.
    expect(asked).toBeGreaterThan(0);
    expect(sent.filter(({ result }) => result.outcome !== "retryable")).toEqual([]);
    expect(sent.filter(isLate)).toEqual([]);
    await expectNothingOpen(transport, server);
    expect(uncaught).toEqual([]);
  });
});

// What would end the process of an application.
function uncaughtErrors(): readonly unknown[] {
  const uncaught: unknown[] = [];
  const note = (error: unknown): void => void uncaught.push(error);
  process.on("unhandledRejection", note).on("uncaughtException", note);
  onTestFinished(() => {
    process.off("unhandledRejection", note).off("uncaughtException", note);
  });
  return uncaught;
}

async function sendAll(
  transport: HttpTransport,
  plans: readonly WirePlan[],
  planOf: Map<string, WirePlan>,
): Promise<Sent[]> {
  const sent: Sent[] = [];
  const left = plans.values();
  const lane = async (): Promise<void> => {
    for (const plan of left) {
      const envelope = envelopeOf("error");
      planOf.set(envelope.eventId ?? "", plan);
      const start = performance.now();
      // What an earlier answer has left on a connection must not be taken for this one's.
      const newConnection = plan.outcome !== undefined;
      const result = await transport.send(envelope, { newConnection });
      sent.push({ plan, result, millis: performance.now() - start });
    }
  };
  await Promise.all(Array.from({ length: SENDS_AT_ONCE }, lane));
  return sent;
}

/** What is wrong with an outcome. */
function trouble(sent: Sent): string | undefined {
  const { plan, result } = sent;
  const said = JSON.stringify(Buffer.concat(plan.pieces).toString("latin1").slice(0, 300));
  if (isLate(sent)) return `came after ${sent.millis} ms: ${said}`;
  if (result.outcome === "retryable")
    return isRight(plan, result) ? undefined : `${plan.outcome} came as ${result.phase}: ${said}`;
  if (plan.outcome !== undefined && result.outcome !== plan.outcome)
    return `${plan.outcome} came as ${result.outcome}: ${said}`;
  const limits = createRateLimits();
  limits.update(result.limits, result.statusCode, 1000);
  const pause = retryAfterMillis(result.limits.retryAfter) ?? 0;
  const isBounded = !limits.isActive(1000 + DAY) && pause >= 0 && pause <= DAY;
  return isBounded ? undefined : `limits without a bound: ${said}`;
}

// On a machine that is busy elsewhere, the best of answers may come too late.
function isRight({ outcome }: WirePlan, result: SendResult & { outcome: "retryable" }): boolean {
  if (outcome === undefined || outcome === "retryable") return true;
  return result.phase === "timeout" || result.phase === "connect";
}

function isLate({ millis }: Sent): boolean {
  return millis > TIMES.totalTimeoutMillis + LATE_MILLIS;
}

async function expectUsable(transport: HttpTransport): Promise<void> {
  await eventually(async () => {
    const { outcome } = await transport.send(envelopeOf("error"), { newConnection: true });
    return outcome === "delivered";
  });
}

// Before `close` as well: what is of no more use must have been let go of by then.
async function expectNothingOpen(transport: HttpTransport, server: TestServer): Promise<void> {
  await eventually(() => transport.counts().connectionsOpen === 0);
  await transport.close();
  await eventually(() => openSockets(server) === 0 && heldSocketsTo(server.port).length === 0);
}

// Node does not emit `close` for each socket that is reset while its end is under way.
function openSockets({ sockets }: TestServer): number {
  return [...sockets].filter(({ destroyed }) => !destroyed).length;
}

/** Answers each request by the plan for its event id; without one, as it should be. */
function hostileServer(planFor: (eventId: string) => WirePlan | undefined): Server {
  return createServer((socket) => {
    let held = "";
    socket.on("data", (chunk) => {
      held += chunk.toString("latin1");
      const ids = [...held.matchAll(/"event_id":"([0-9a-f]{32})","type"/g)];
      if (ids.length > 0) held = "";
      for (const [, id = ""] of ids) void answer(socket, planFor(id) ?? GOOD);
    });
  });
}

const GOOD: WirePlan = {
  pieces: [Buffer.from(OK)],
  pauseMillis: 0,
  ending: "none",
  outcome: "delivered",
};

async function answer(socket: Socket, plan: WirePlan = GOOD): Promise<void> {
  for (const piece of plan.pieces) {
    if (!socket.writable) return;
    socket.write(piece);
    if (plan.pauseMillis > 0) await sleep(plan.pauseMillis);
  }
  if (plan.ending === "fin") socket.end();
  else if (plan.ending === "rst") socket.resetAndDestroy();
}
