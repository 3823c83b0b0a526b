import { SpanStatusCode, context, trace } from "@opentelemetry/api";
import { AsyncLocalStorageContextManager } from "@opentelemetry/context-async-hooks";
import { resourceFromAttributes } from "@opentelemetry/resources";
import { LoggerProvider } from "@opentelemetry/sdk-logs";
import { BasicTracerProvider } from "@opentelemetry/sdk-trace-base";
import fc from "fast-check";
import { describe, expect, it } from "vitest";

import {
  SentryLogRecordProcessor,
  SentrySpanProcessor,
  addBreadcrumb,
  captureEvent,
  captureException,
  createClient,
  getGlobalScope,
  logger,
  metrics,
  setAttribute,
  setClient,
  setContext,
  setExtra,
  setTag,
  setUser,
  withIsolationScope,
} from "../../src/index.js";
import { startRecordingServer } from "./recording-server.js";

/** Notations of a text that contains a secret under its name, and a value that is not secret. */
const SHAPES: readonly ((name: string, secret: string, kept: string) => string)[] = [
  (name, secret, kept) => JSON.stringify({ [name]: secret, page: kept }),
  (name, secret, kept) =>
    JSON.stringify({ page: kept, list: [{ deep: { [name]: [secret] } }] }, null, 2),
  (name, secret, kept) => JSON.stringify({ page: kept, body: JSON.stringify({ [name]: secret }) }),
  (name, secret, kept) => JSON.stringify({ page: kept, [name]: `${secret} cut` }).slice(0, -6),
  (name, secret, kept) =>
    JSON.stringify([
      { name, value: secret },
      { name: "page", value: kept },
    ]),
  (name, secret, kept) =>
    JSON.stringify([
      [name, secret],
      ["page", kept],
    ]),
  (name, secret, kept) => `{"page":"${kept}"}\n${JSON.stringify({ [name]: secret })}`,
  (name, secret, kept) => `{ page: '${kept}', user: User { '${name}': '${secret}' } }`,
  (_name, secret, kept) => JSON.stringify({ page: kept, headers: { cookie: `lang=${secret}` } }),
];

const TERMS = [
  "password",
  "api key",
  "client secret",
  "access token",
  "db password",
  "authorization",
  "private key",
];

function spelled(term: string, style: number): string {
  const words = term.split(" ");
  const capitalized = words.map((word) => word.charAt(0).toUpperCase() + word.slice(1));
  const camel = words[0] + capitalized.slice(1).join("");
  return (
    [words.join("_"), words.join("-"), camel, capitalized.join(""), words.join("_").toUpperCase()][
      style
    ] ?? camel
  );
}

interface Planting {
  readonly shape: number;
  readonly term: string;
  readonly style: number;
}

const planting = fc.record({
  shape: fc.nat(SHAPES.length - 1),
  term: fc.constantFrom(...TERMS),
  style: fc.nat(4),
});

// One server receives all runs of the property, so each run uses different texts.
let runs = 0;

/** Creates texts, each with its own secret and its own value that is kept, and records them. */
class Planter {
  readonly #run = (runs += 1);
  readonly secrets: string[] = [];
  readonly kept: string[] = [];
  readonly #drawn: readonly Planting[];

  constructor(drawn: readonly Planting[]) {
    this.#drawn = drawn;
  }

  text(): string {
    const number = this.secrets.length;
    const { shape, term, style } = this.#drawn[number % this.#drawn.length] ?? {
      shape: 0,
      term: "password",
      style: 0,
    };
    const kept = `kept-${this.#run}-${number}-end`;
    this.kept.push(kept);
    return SHAPES[shape]?.(spelled(term, style), this.secret(), kept) ?? "";
  }

  secret(): string {
    const secret = `S3CRET${this.#run}x${this.secrets.length}S3CRET`;
    this.secrets.push(secret);
    return secret;
  }
}

function plantInSpan(planter: Planter): void {
  const tracer = trace.getTracer("app");
  tracer.startActiveSpan("root", (root) => {
    for (const name of [
      "app.payload",
      "graphql.variables",
      "gen_ai.input.messages",
      "messaging.message.headers",
    ])
      root.setAttribute(name, planter.text());
    root.setAttribute("app.payloads", [planter.text(), planter.text()]);
    root.setAttribute(
      "process.command_line",
      `app --password ${planter.secret()} -H "Cookie: a=${planter.secret()}"`,
    );
    root.setAttribute("process.command_args", ["app", `--api-key=${planter.secret()}`]);
    root.setAttribute("http.request.header.cookie", [`theme=${planter.secret()}`]);
    root.setAttribute("http.response.header.set_cookie", `theme=${planter.secret()}; Path=/`);
    root.setAttribute("http.request.header.cookie.theme", planter.secret());
    root.addEvent("message", { "gen_ai.tool.call.arguments": planter.text() });
    const link = {
      traceId: "4c79f60c11214eb38604f4ae0781bfb2",
      spanId: "b01b9f6349558cd1",
      traceFlags: 1,
    };
    tracer.startActiveSpan(
      "child",
      { links: [{ context: link, attributes: { "app.payload": planter.text() } }] },
      (child) => {
        child.setAttribute("gen_ai.tool.call.arguments", planter.text());
        child.setStatus({ code: SpanStatusCode.ERROR, message: `failed: ${planter.text()}` });
        child.end();
      },
    );
    plantInScopes(planter);
    root.end();
  });
}

function plantInScopes(planter: Planter): void {
  addBreadcrumb({
    message: planter.text(),
    data: { body: planter.text(), cookie: `a=${planter.secret()}` },
  });
  setExtra("payload", planter.text());
  setExtra("request", { body: planter.text() });
  setContext("reply", { body: planter.text() });
  setTag("reply", planter.text().slice(0, 200));
  setUser({ id: "7", passwordHash: planter.secret(), settings: planter.text() });
  captureException(new Error(`Request failed: ${planter.text()}`));
  captureEvent({
    message: planter.text(),
    extra: { body: planter.text() },
    request: {
      url: "https://h/",
      data: planter.text(),
      cookies: `theme=${planter.secret()}`,
      headers: { Cookie: `theme=${planter.secret()}` },
    },
  });
  plantInTelemetry(planter);
  captureEvent({ message: "form", request: { data: `page=2&password=${planter.secret()}` } });
}

function plantInTelemetry(planter: Planter): void {
  setAttribute("app.reply", planter.text());
  getGlobalScope().setAttribute("app.settings", planter.text());
  logger.info(planter.text(), {
    "app.payload": planter.text(),
    cookie: `theme=${planter.secret()}`,
    "process.command_line": `app --token ${planter.secret()}`,
    url: `https://me:${planter.secret()}@h/?token=${planter.secret()}`,
    reply: { body: planter.text(), headers: { cookie: planter.secret() } },
    apiKey: planter.secret(),
  });
  logger.warn(`reply: ${planter.text()}`);
  logger.warn(logger.fmt`reply ${planter.text()} of ${{ body: planter.text() }}`);
  logger.error({
    message: "sent",
    template: "sent",
    parameters: { password: planter.secret(), body: planter.text() },
  });
  logger.error(new Error(`Request failed: ${planter.text()}`) as never);
  logger.error({ request: { password: planter.secret(), body: planter.text() } } as never);
  metrics.count("replies", 1, {
    attributes: { cookie: `theme=${planter.secret()}`, token: planter.secret() },
  });
  metrics.gauge("size", 1, { attributes: { "app.payload": planter.text() } });
  getGlobalScope().clear();
}

describe("secrets that are planted everywhere at once, in JSON text, cookies and command lines", () => {
  it("are in no byte that a server receives, and what stands beside them is", async () => {
    const { dsn, received } = await startRecordingServer();
    context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());
    await fc.assert(
      fc.asyncProperty(fc.array(planting, { minLength: 9, maxLength: 30 }), async (drawn) => {
        const planter = new Planter(drawn);
        const client = createClient({ dsn, enableLogs: true, enableMetrics: true });
        setClient(client);
        const resource = resourceFromAttributes({
          "app.settings": planter.text(),
          "process.command_line": `app --token=${planter.secret()}`,
          "process.command_args": ["app", "--token", planter.secret()],
        });
        const provider = new BasicTracerProvider({
          resource,
          spanProcessors: [new SentrySpanProcessor(client)],
        });
        const logs = new LoggerProvider({
          resource,
          processors: [new SentryLogRecordProcessor(client)],
        });
        trace.setGlobalTracerProvider(provider);
        withIsolationScope(() => plantInSpan(planter));
        logs.getLogger("app").emit({
          body: planter.text(),
          attributes: { "app.payload": planter.text(), cookie: `a=${planter.secret()}` },
        });
        await logs.forceFlush();
        await client.flush();
        const sent = await received();
        expect(planter.secrets.filter((secret) => sent.includes(secret))).toEqual([]);
        expect(planter.kept.filter((kept) => !sent.includes(kept))).toEqual([]);
        await provider.shutdown();
        await client.close();
        setClient(undefined);
        trace.disable();
      }),
      { numRuns: 15 },
    );
    context.disable();
  });
});
