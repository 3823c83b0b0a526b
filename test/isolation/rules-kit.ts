import { ROOT_CONTEXT } from "@opentelemetry/api";
import type { Tracer } from "@opentelemetry/api";
import { afterAll, afterEach, beforeAll, beforeEach } from "vitest";

import { getIsolationScope } from "../../src/index.js";
import type { ReceivedError, ReceivedTransaction } from "../../src/testing/received.js";
import { assertSettled } from "../../src/testing/testing.js";
import { startPipeline } from "../property/pipeline.js";
import type { Pipeline } from "../property/pipeline.js";

/** What a test of a rule needs. */
export interface RulesKit {
  readonly tracer: Tracer;
  /** Flushes; what has arrived since the test began, by name. */
  sent(): Promise<Map<string, ReceivedTransaction>>;
  /** Flushes; the error events that have arrived. */
  sentErrors(): Promise<readonly ReceivedError[]>;
}

/** A pipeline for all tests of a file, which leaves nothing from one to the next. */
export function useRulesKit(): RulesKit {
  let pipeline: Pipeline | undefined;
  const started = (): Pipeline => {
    if (pipeline === undefined) throw new Error("the pipeline has not been started");
    return pipeline;
  };
  const flush = async (): Promise<void> => {
    const { processors, clients } = started();
    await Promise.all(processors.map((processor) => processor.forceFlush()));
    for (const client of clients) assertSettled(client);
  };

  beforeAll(async () => {
    pipeline = await startPipeline({ sampler: "always" });
  });
  beforeEach(() => started().server.clear());
  // Outside of all units of work there is one scope for the whole process.
  afterEach(() => void getIsolationScope(ROOT_CONTEXT).clear());
  afterAll(() => started().close());

  return {
    get tracer() {
      return started().tracers[0];
    },
    async sent() {
      await flush();
      return new Map(
        started()
          .server.transactions()
          .map((transaction) => [transaction.transaction, transaction]),
      );
    },
    async sentErrors() {
      await flush();
      return started().server.errors();
    },
  };
}
