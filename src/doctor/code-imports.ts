// Names in the code of fixes, by the module that exports them. Code that names other packages says how to install them.
const MODULES: Readonly<Record<string, RegExp>> = {
  "@opentelemetry/api": /(?<![\w.])(?:ROOT_CONTEXT|(?:context|propagation)(?=\.))/g,
  "@opentelemetry/core": /CompositePropagator|W3C\w+/g,
  "@opentelemetry/sdk-node": /NodeSDK/g,
  "otel-sentry-bridge":
    /\b(?:Sentry(?:Propagator|SpanProcessor)|attachToGlobalProvider|bindContext|capture\w+(?=\()|get(?:Client|GlobalScope)|setUser|withIsolationScope)\b/g,
};

const MAX_COLUMNS = 72;

/** Returns code with the imports that it needs, after comments at its start. Commands and complete files stay as they are. */
export function withImports(code: string): string {
  if (/\bimport\b/.test(code)) return code;
  const imports = Object.entries(MODULES).flatMap(([module, names]) => {
    const used = [...new Set(code.match(names))].toSorted();
    return used.length === 0 ? [] : [importOf(used, module)];
  });
  const [comments = ""] = /^(?:\/\/.*\n)*/.exec(code) ?? [];
  return `${comments}${imports.join("")}${code.slice(comments.length)}`;
}

function importOf(names: readonly string[], module: string): string {
  const line = `import { ${names.join(", ")} } from "${module}";\n`;
  return line.length <= MAX_COLUMNS
    ? line
    : `import {\n  ${names.join(",\n  ")} } from "${module}";\n`;
}
