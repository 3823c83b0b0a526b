import { randomBytes } from "node:crypto";

import { describe, expect, it, vi } from "vitest";

import { decideSampling } from "../../src/trace/sampling.js";
import type { SamplerContext, SamplingInput, TracesSampler } from "../../src/trace/sampling.js";

// Its sample_rand is about 0.25.
const TRACE = "0".repeat(18) + "c0000000000000";

function input(changes: Partial<SamplingInput> = {}): SamplingInput {
  return {
    traceId: TRACE,
    incoming: undefined,
    parentSampled: undefined,
    rate: undefined,
    sampler: undefined,
    root: { name: "GET /", kind: 1, attributes: { a: 1 } },
    ...changes,
  };
}

const returning =
  (answer: unknown): TracesSampler =>
  () =>
    answer as number;

const inheriting = (context: SamplerContext): number => context.inheritOrSampleWith(0.125);

describe("a sampling decision", () => {
  it.each([
    ["nothing configured", {}, { sampled: false, sampleRate: undefined }],
    [
      "nothing configured, parent sampled",
      { parentSampled: true },
      { sampled: false, sampleRate: undefined },
    ],
    ["rate 0", { rate: 0 }, { sampled: false, sampleRate: 0 }],
    ["rate 1", { rate: 1 }, { sampled: true, sampleRate: 1 }],
    ["rate above the rand", { rate: 0.3 }, { sampled: true, sampleRate: 0.3 }],
    ["rate below the rand", { rate: 0.2 }, { sampled: false, sampleRate: 0.2 }],
    ["rate that is none", { rate: NaN }, { sampled: false, sampleRate: undefined }],
    [
      "rate 0, parent sampled",
      { rate: 0, parentSampled: true },
      { sampled: true, sampleRate: undefined },
    ],
    [
      "rate 1, parent not sampled",
      { rate: 1, parentSampled: false },
      { sampled: false, sampleRate: undefined },
    ],
    ["sampler true", { sampler: returning(true) }, { sampled: true, sampleRate: 1 }],
    [
      "sampler false",
      { sampler: returning(false), rate: 1, parentSampled: true },
      { sampled: false, sampleRate: 0 },
    ],
    [
      "sampler rate",
      { sampler: returning(0.3), parentSampled: false },
      { sampled: true, sampleRate: 0.3 },
    ],
    [
      "sampler lower rate",
      { sampler: returning(0.2), parentSampled: true },
      { sampled: false, sampleRate: 0.2 },
    ],
  ])("with %s", (_title, changes, decision) => {
    expect(decideSampling(input(changes))).toEqual({ ...decision, sampleRand: 0.249999 });
  });

  it.each([2, -1, NaN, "0.5", undefined, null, {}])(
    "is negative when the sampler returns %o, and that is told",
    (answer) => {
      const onInvalidAnswer = vi.fn<(received: string) => void>();
      const decision = decideSampling(
        input({ sampler: returning(answer), rate: 1, parentSampled: true, onInvalidAnswer }),
      );
      expect(decision).toMatchObject({ sampled: false, sampleRate: undefined });
      expect(onInvalidAnswer).toHaveBeenCalledExactlyOnceWith(expect.any(String));
    },
  );

  it.each([
    [{ parentSampled: true, rate: 0 }, true, undefined],
    [{ rate: 1 }, true, 1],
    [{ parentSampled: true }, true, undefined],
    [{}, false, undefined],
  ])(
    "passes over a sampler that is asynchronous, and that is told: %j",
    (changes, sampled, sampleRate) => {
      for (const answer of [Promise.resolve(0.5), Promise.reject(new Error("late"))]) {
        const onAsyncSampler = vi.fn<() => void>();
        const decision = decideSampling(
          input({ ...changes, sampler: returning(answer), onAsyncSampler }),
        );
        expect(decision).toMatchObject({ sampled, sampleRate });
        expect(onAsyncSampler).toHaveBeenCalledOnce();
      }
    },
  );

  it.each([
    [{ parentSampled: true, rate: 0 }, true, undefined],
    [{ rate: 1 }, true, 1],
    [{ parentSampled: true }, true, undefined],
    [{}, false, undefined],
  ])("passes over a sampler that throws: %j", (changes, sampled, sampleRate) => {
    const failure = new Error("sampler");
    const onSamplerError = vi.fn<(error: unknown) => void>();
    const sampler = (): number => {
      throw failure;
    };
    const decision = decideSampling(input({ ...changes, sampler, onSamplerError }));
    expect(decision).toMatchObject({ sampled, sampleRate });
    expect(onSamplerError).toHaveBeenCalledExactlyOnceWith(failure);
  });

  it("tells the sampler what is known of root and sender", () => {
    const incoming = { traceId: TRACE, sampled: true, dsc: { sample_rate: "0.5" } };
    const sampler = vi.fn<TracesSampler>(() => 1);
    decideSampling(input({ sampler, incoming, parentSampled: true }));
    expect(sampler).toHaveBeenCalledExactlyOnceWith(
      expect.objectContaining({
        name: "GET /",
        kind: 1,
        attributes: { a: 1 },
        parentSampled: true,
        parentSampleRate: 0.5,
      }),
    );
  });

  it.each([
    [{ sample_rate: "0.5" }, true, 0.5],
    [{ sample_rate: "bad" }, true, 1],
    [{}, false, 0],
    [undefined, undefined, 0.125],
  ])("inherits from %j and %j the rate %d", (dsc, parentSampled, rate) => {
    const incoming = { traceId: TRACE, sampled: parentSampled, dsc };
    expect(decideSampling(input({ sampler: inheriting, incoming, parentSampled })).sampleRate).toBe(
      rate,
    );
  });

  it("inherits no rate from another trace", () => {
    const incoming = { traceId: "f".repeat(32), sampled: true, dsc: { sample_rate: "0.5" } };
    expect(decideSampling(input({ sampler: inheriting, incoming })).sampleRate).toBe(0.125);
  });

  it("lets the sampler change a copy of the root's attributes only", () => {
    const root = { name: "GET /", kind: 1, attributes: { list: [1] } };
    const sampler = vi.fn<TracesSampler>(({ attributes }) =>
      (attributes["list"] as number[]).push(2),
    );
    decideSampling(input({ root, sampler }));
    expect(sampler).toHaveBeenCalledOnce();
    expect(root.attributes).toEqual({ list: [1] });
  });

  it("is taken by the sender's sample_rand", () => {
    const incoming = { traceId: TRACE, sampled: undefined, dsc: { sample_rand: "0.9" } };
    expect(decideSampling(input({ incoming, rate: 0.8 }))).toEqual({
      sampled: false,
      sampleRate: 0.8,
      sampleRand: 0.9,
    });
  });

  it("samples half of 10,000 traces at rate 0.5, each the same in every service", () => {
    const ids = Array.from({ length: 10_000 }, () => randomBytes(16).toString("hex"));
    const decide = (): boolean[] =>
      ids.map((traceId) => decideSampling(input({ traceId, rate: 0.5 })).sampled);
    const sampled = decide().filter(Boolean).length;
    expect(sampled).toBeGreaterThan(4_800);
    expect(sampled).toBeLessThan(5_200);
    expect(decide()).toEqual(decide());
  });
});
