import { expect, onTestFinished } from "vitest";

import type { ClientStats } from "../../src/index.js";
import { assertSettled, startIngestServer } from "../../src/testing/testing.js";
import type { IngestServer } from "../../src/testing/testing.js";
import { startProcess } from "./service-process.js";
import type { AtEnd } from "./service-process.js";

/** What a service speaks, and how it decides. */
export interface ServiceConfig {
  readonly name: string;
  readonly speaks: "bridge" | "vendor" | "w3c";
  readonly rate?: number;
  /** For a `tracesSampler`: only requests whose URL has this in it are kept. */
  readonly keeps?: string;
  readonly passesBaggage?: boolean;
  /** The job that it starts in a process or a thread. */
  readonly job?: { readonly name: string; readonly rate: number };
}

/** How the work goes on from one service to what is next. */
export type Way = "child" | "fetch" | "http" | "worker";

/** What one of the chain was told about the trace: by headers, or by its environment. */
export interface Hop {
  readonly name: string;
  readonly headers: Readonly<Record<string, string | undefined>>;
  /** Of a job only: how it ended, and what became of its spans. */
  readonly code?: number;
  readonly stats?: ClientStats;
}

/** Services of which each calls the next. */
export interface Chain {
  /** Sends a request to the first one; what each has seen, in order. */
  send(ways: readonly Way[], query?: string): Promise<Hop[]>;
}

/** Services in processes of their own, and the server that all of them send to. */
export interface Services {
  readonly ingest: IngestServer;
  /** Services by their names, in the order in which they call each other. */
  chainOf(names: readonly string[]): Chain;
  /** Ends all of them, which must be clean. All that they had to send has been sent then. */
  stop(): Promise<StoppedService[]>;
}

/** What a service says at its end. */
export interface StoppedService {
  readonly name: string;
  /** The traces that the exporter beside ours has seen, if there is one. */
  readonly othersTraces: readonly string[];
}

/** Starts services for the length of a test, of which each calls the next. */
export async function startChain(
  configs: readonly ServiceConfig[],
): Promise<Chain & Pick<Services, "ingest" | "stop">> {
  const services = await startServices(configs);
  return { ...services, ...services.chainOf(configs.map(({ name }) => name)) };
}

/** Starts services for the length of a test, or until what `atEnd` is given is called. */
export async function startServices(
  configs: readonly ServiceConfig[],
  atEnd: AtEnd = onTestFinished,
): Promise<Services> {
  const ingest = await startIngestServer();
  atEnd(() => ingest.close());
  const services = await Promise.all(
    configs.map((config) => startService({ config, dsn: ingest.dsn, atEnd })),
  );
  const ports = new Map(configs.map(({ name }, index) => [name, services[index]?.port]));
  return {
    ingest,
    chainOf: (names) => chainOn(names.map((name) => ports.get(name))),
    stop: () => Promise.all(services.map((service) => service.stop())),
  };
}

function chainOn([first, ...others]: readonly (number | undefined)[]): Chain {
  return {
    async send(ways, query = "") {
      const path = ways.map((way, index) =>
        others[index] === undefined ? way : `${way}:${others[index]}`,
      );
      const response = await fetch(`http://127.0.0.1:${first}/${path.join("/")}/${query}`, {
        headers: { connection: "close" },
      });
      const hops = (await response.json()) as Hop[];
      expect([response.status, hops]).toEqual([200, expect.any(Array)]);
      for (const { code, stats } of hops) {
        expect(code ?? 0).toBe(0);
        if (stats !== undefined) assertSettled({ stats: () => stats });
      }
      return hops;
    },
  };
}

interface Service {
  readonly port: number;
  stop(): Promise<StoppedService>;
}

interface Report {
  readonly stats?: ClientStats;
  readonly othersTraces?: readonly string[];
}

async function startService({
  config,
  dsn,
  atEnd,
}: {
  readonly config: ServiceConfig;
  readonly dsn: string;
  readonly atEnd: AtEnd;
}): Promise<Service> {
  const job = config.job === undefined ? undefined : { ...config.job, dsn };
  const env = { SERVICE: JSON.stringify({ ...config, dsn, job }) };
  const service = startProcess("service.mjs", env, atEnd);
  const port = await service.next<number>();
  return {
    port,
    async stop() {
      service.send("stop");
      const { stats, othersTraces = [] } = await service.next<Report>();
      await service.ended();
      if (stats !== undefined) assertSettled({ stats: () => stats });
      return { name: config.name, othersTraces };
    },
  };
}

/** What the first service has told the second: "1", it is sampled, or "0", it is not. */
export function flagIn([, second]: readonly Hop[]): string | undefined {
  return second?.headers["sentry-trace"]?.split("-")[2];
}

// At a rate of 0.5 more are needed in one run of 10^11.
const MAX_TRACES = 40;

/** Sends requests until traces have been decided about both ways; these are four each time. */
export async function sendUntilBoth(
  chain: Chain,
  ways: readonly (readonly Way[])[],
): Promise<Hop[][]> {
  const all: Hop[][] = [];
  while (new Set(all.map(flagIn)).size < 2 && all.length < MAX_TRACES) {
    all.push(...(await Promise.all(ways.map((each) => chain.send(each)))));
  }
  expect(new Set(all.map(flagIn))).toEqual(new Set(["0", "1"]));
  return all;
}
