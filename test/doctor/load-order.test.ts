import { resolve } from "node:path";

import { describe, expect, it, onTestFinished, vi } from "vitest";

import { checkLoadOrder, fixForUntraced } from "../../src/doctor/load-order.js";
import { LoadedModules } from "../../src/doctor/loaded-modules.js";
import type { LoadedModule } from "../../src/doctor/loaded-modules.js";

/** Modules that the application has required, in this order; `exports` by path. */
function loaded(
  paths: readonly string[],
  exports: Readonly<Record<string, unknown>> = {},
): LoadedModules {
  const app: LoadedModule = { children: paths.map((filename) => ({ filename })) };
  const modules = paths.map((path) => [path, { exports: exports[path] }] as const);
  return new LoadedModules({ "/app/app.cjs": app, ...Object.fromEntries(modules) });
}

const wrapped = { use: Object.assign(() => {}, { __wrapped: true }) };
const isAwaited = (name: string): boolean => name === "express";
const fileOf = (name: string): string => `/app/node_modules/${name}/build/index.js`;

it.each([
  ["express", "express"],
  ["socket.io", "socket.io"],
  ["grpc", "@grpc/grpc-js"],
  ["hapi", "@hapi/hapi"],
  ["koa", "@koa/router"],
  ["cucumber", "@cucumber/cucumber"],
  ["amqplib", "amqplib"],
  ["redis", "@redis/client"],
])("instrumentation-%s is too late after %s, and not before it", (instrumentation, patched) => {
  const own = `@opentelemetry/instrumentation-${instrumentation}`;
  const evidence = [{ name: patched }, { name: own }];

  expect(checkLoadOrder(loaded([fileOf(patched), fileOf(own)]))).toMatchObject([{ evidence }]);
  expect(checkLoadOrder(loaded([fileOf(own), fileOf(patched)]))).toEqual([]);
});

it("instrumentation-undici listens to channels, and so is never too late", () => {
  const files = [fileOf("undici"), fileOf("@opentelemetry/instrumentation-undici")];

  expect(checkLoadOrder(loaded(files))).toEqual([]);
});

describe("an instrumentation, and a package that was loaded with `import`", () => {
  const own = fileOf("@opentelemetry/instrumentation-express");
  const target = fileOf("express");
  const hook = "/app/node_modules/import-in-the-middle/lib/register.js";
  const imported = (exports: unknown, toHook: unknown[] = []): LoadedModules =>
    new LoadedModules({
      "/app/set-up.mjs": {},
      [own]: {},
      [hook]: { exports: { toHook } },
      [target]: { exports },
    });

  it("names the loader hook that is missing", () => {
    expect(checkLoadOrder(imported({}))).toMatchObject([
      { name: "no-loader-hook", evidence: [{ name: "express" }] },
    ]);
  });

  // `require.cache` lists a set-up file that is a CommonJS module, whatever its name ends in.
  it.each(["js", "ts", "mjs", "mts", "cjs"])(
    "tells by what was loaded if a set-up that ends in .%s is a CommonJS module",
    (extension) => {
      const before = process.execArgv;
      onTestFinished(() => {
        process.execArgv = before;
      });
      process.execArgv = ["--import", `./set-up.${extension}`];
      const modules = { [own]: {}, [target]: { exports: {} } };
      const fixFor = (others: Record<string, LoadedModule>): string | undefined =>
        checkLoadOrder(new LoadedModules({ ...others, ...modules }))[0]?.code;

      expect(fixFor({ "/app/set-up.mjs": {} })).toMatch(/^import \{ register \}/);
      expect(fixFor({ [resolve(`set-up.${extension}`)]: {} })).toMatch(/^node --require /);
    },
  );

  it("was run after the instrumentation, although Node has found it first", () => {
    const run = (...files: string[]): LoadedModules => {
      const inner = files.map((filename) => [`${filename}.inner.js`, { parent: { filename } }]);
      return new LoadedModules({ [target]: {}, [own]: {}, ...Object.fromEntries(inner) });
    };

    expect(checkLoadOrder(run(own, target))).toMatchObject([{ name: "no-loader-hook" }]);
    expect(checkLoadOrder(run(target, own))).toMatchObject([{ name: "loaded-too-late" }]);
  });

  it("is quiet if the hook has seen it", () => {
    expect(checkLoadOrder(imported({}, [[`file://${target}`, {}]]))).toEqual([]);
  });

  it("is quiet if `createRequire` has loaded it", () => {
    const modules = { "/app/set-up.mjs": {}, [own]: {}, [target]: { parent: {}, exports: {} } };

    expect(checkLoadOrder(new LoadedModules(modules))).toEqual([]);
  });

  it("is looked through without any of its getters", () => {
    const get = vi.fn<() => undefined>();
    const exports = new Proxy({}, { get });

    expect(checkLoadOrder(imported({ exports }))).toHaveLength(1);
    expect(get).not.toHaveBeenCalled();
  });

  it("is quiet if one of its functions is wrapped", () => {
    const use = Object.assign(() => {}, { __wrapped: true });

    expect(checkLoadOrder(imported({ Router: { prototype: { use } } }))).toEqual([]);
  });
});

function namesOf(modules: Readonly<Record<string, LoadedModule>>): string[] {
  return checkLoadOrder(new LoadedModules(modules, isAwaited)).map(({ name }) => name);
}

describe("instrumentations that are ES modules, which Node does not list", () => {
  const base = "/app/node_modules/require-in-the-middle/index.js";
  const target = fileOf("express");
  it("are late if their base was loaded after what they wait for", () => {
    expect(namesOf({ [target]: {}, [base]: {} })).toEqual(["loaded-too-late"]);
    expect(namesOf({ [target]: { exports: wrapped }, [base]: {} })).toEqual([]);
  });

  it("need the loader hook for what is imported, and not for what is required", () => {
    expect(namesOf({ [base]: {}, [target]: {} })).toEqual(["no-loader-hook"]);
    expect(namesOf({ [base]: {}, [target]: { parent: {} } })).toEqual([]);
    expect(namesOf({ [base]: {}, [target]: { exports: wrapped } })).toEqual([]);
  });

  it("do not wait for other packages", () => {
    expect(namesOf({ [base]: {}, [fileOf("koa")]: {} })).toEqual([]);
  });
});

describe("requests that are not traced, although a flag loads a set-up", () => {
  const modules = new LoadedModules({ [fileOf("@opentelemetry/instrumentation-http")]: {} });

  it.each(["", " --require=/shop/packages/otel-sentry-bridge/dist/doctor-preload.cjs"])(
    "have a fix in its file, with code, beside the flag `%s`",
    (flag) => {
      vi.stubEnv("NODE_OPTIONS", `--import=./set-up.mjs${flag}`);
      onTestFinished(() => void vi.unstubAllEnvs());

      const { fix, code } = fixForUntraced(true, modules);

      expect(fix).toBe(
        "In set-up.mjs, register the instrumentations of what the application uses, before all else is loaded:",
      );
      expect(code).toMatch(/instrumentation-http.*new HttpInstrumentation\(\)/s);
    },
  );
});
