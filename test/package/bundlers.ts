import { createRequire } from "node:module";

import type { RollupCommonJSOptions } from "@rollup/plugin-commonjs";
import { nodeResolve } from "@rollup/plugin-node-resolve";
import * as esbuild from "esbuild";
import { rolldown } from "rolldown";
import { rollup } from "rollup";
import type { Plugin, RollupBuild } from "rollup";
import TerserPlugin from "terser-webpack-plugin";
import webpack from "webpack";

// Required, since its types describe the CommonJS form only.
const commonjs = createRequire(import.meta.url)("@rollup/plugin-commonjs") as (
  options: RollupCommonJSOptions,
) => Plugin;

/** What a bundle is to look like. */
export interface BundleShape {
  readonly format: "cjs" | "esm";
  /** One file, or a chunk for each dynamic import. */
  readonly isSplit: boolean;
}

/** A bundle to make of an application. Written as `docs/set-up.md` says. */
export interface BundleRequest extends BundleShape {
  readonly entry: string;
  readonly outputDirectory: string;
}

/** Makes a bundle. Returns the warnings; throws if it fails. */
export type Bundler = (request: BundleRequest) => Promise<readonly string[]>;

/** File of the bundle in its directory. */
export function bundleFile({ format }: BundleShape): string {
  return `app.${extensionOf(format)}`;
}

// CommonJS packages inside of an ES module need it: esbuild leaves their `require("node:…")` as it is.
const REQUIRE_BANNER =
  'import { createRequire } from "node:module"; const require = createRequire(import.meta.url);';

/** Bundles with esbuild, minified. */
export function withEsbuild(banner: string = REQUIRE_BANNER): Bundler {
  return async ({ entry, format, isSplit, outputDirectory }) => {
    const { warnings } = await esbuild.build({
      entryPoints: { app: entry },
      bundle: true,
      platform: "node",
      format,
      splitting: isSplit,
      minify: true,
      keepNames: true,
      outdir: outputDirectory,
      outExtension: { ".js": `.${extensionOf(format)}` },
      banner: format === "esm" ? { js: banner } : {},
      logLevel: "silent",
    });
    return warnings.map(({ text }) => text);
  };
}

/** Bundles with webpack; minified if it is one file. */
export const withWebpack: Bundler = ({ entry, format, isSplit, outputDirectory }) =>
  new Promise((resolve, reject) => {
    const isModule = format === "esm";
    const { LimitChunkCountPlugin } = webpack.optimize;
    const configuration: webpack.Configuration = {
      mode: isSplit ? "development" : "production",
      devtool: false,
      target: "node20",
      entry: { app: entry },
      experiments: { outputModule: isModule },
      output: {
        path: outputDirectory,
        filename: `[name].${extensionOf(format)}`,
        chunkFilename: `[name].${extensionOf(format)}`,
        module: isModule,
        library: { type: isModule ? "module" : "commonjs2" },
        chunkFormat: isModule ? "module" : "commonjs",
      },
      optimization: {
        // Terser, the default, takes 20 seconds for it.
        minimizer: [
          new TerserPlugin({
            minify: TerserPlugin.esbuildMinify,
            terserOptions: { keepNames: true },
          }),
        ],
      },
      plugins: isSplit ? [] : [new LimitChunkCountPlugin({ maxChunks: 1 })],
    };
    webpack(configuration, (error, stats) => {
      if (stats === undefined || error) return reject(error ?? new Error("no statistics"));
      if (stats.hasErrors()) return reject(new Error(stats.toString("errors-only")));
      resolve((stats.toJson().warnings ?? []).map(({ message }) => message));
    });
  });

/** What Rollup has read of an application. Output of any shape is made of it. */
interface RollupGraph {
  readonly build: RollupBuild;
  readonly warnings: readonly string[];
}

async function rollupGraph(entry: string, options: RollupCommonJSOptions): Promise<RollupGraph> {
  const warnings: string[] = [];
  const build = await rollup({
    input: { app: entry },
    plugins: [nodeResolve({ exportConditions: ["node"], preferBuiltins: true }), commonjs(options)],
    onLog: (_level, { code, message }) => {
      // OpenTelemetry's own packages, which work.
      const isForeign = !message.includes("otel-sentry-bridge/dist");
      const isKnown = code === "CIRCULAR_DEPENDENCY" || code === "THIS_IS_UNDEFINED";
      if (!(isForeign && isKnown)) warnings.push(message);
    },
  });
  return { build, warnings };
}

const graphs = new Map<string, Promise<RollupGraph>>();

/** Bundles with Rollup and its official plugins. Rollup does not minify by itself, so esbuild does. */
export const withRollup: Bundler = (shape) => rolledUp(shape, {});

/** Bundles with Rollup, so that each CommonJS module runs where it is imported, even if a function requires it later. */
export const withHoistingRollup: Bundler = (shape) => rolledUp(shape, { strictRequires: false });

async function rolledUp(
  { entry, format, isSplit, outputDirectory }: BundleRequest,
  options: RollupCommonJSOptions,
): Promise<readonly string[]> {
  const key = `${entry} ${JSON.stringify(options)}`;
  const graph = graphs.get(key) ?? rollupGraph(entry, options);
  graphs.set(key, graph);
  const { build, warnings } = await graph;
  await build.write({
    dir: outputDirectory,
    format: format === "esm" ? "es" : "cjs",
    entryFileNames: bundleFile({ format, isSplit }),
    chunkFileNames: `[name].${extensionOf(format)}`,
    inlineDynamicImports: !isSplit,
    plugins: [
      {
        name: "minify",
        renderChunk: async (code) =>
          (await esbuild.transform(code, { minify: true, keepNames: true })).code,
      },
    ],
  });
  return warnings;
}

/** Bundles with Rolldown, minified. */
export const withRolldown: Bundler = async ({ entry, format, isSplit, outputDirectory }) => {
  const warnings: string[] = [];
  const build = await rolldown({
    input: { app: entry },
    platform: "node",
    onLog: (_level, { message }) => warnings.push(message),
  });
  await build.write({
    dir: outputDirectory,
    format,
    minify: true,
    keepNames: true,
    entryFileNames: bundleFile({ format, isSplit }),
    chunkFileNames: `[name].${extensionOf(format)}`,
    codeSplitting: isSplit,
  });
  await build.close();
  return warnings;
};

function extensionOf(format: BundleShape["format"]): string {
  return format === "esm" ? "mjs" : "cjs";
}
