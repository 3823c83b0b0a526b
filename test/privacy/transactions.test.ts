import { trace } from "@opentelemetry/api";
import { describe, expect, it } from "vitest";

import { addBreadcrumb, setContext, setExtra, setTag, setUser } from "../../src/index.js";
import { Planted, textOf } from "./planted.js";
import { secretHeaders, secretPath } from "./secret-headers.js";
import type { Handler } from "./service.js";
import { call, startService } from "./service.js";

function setByHand(planted: Planted): void {
  const span = trace.getActiveSpan();
  span?.setAttributes({
    "user.password": planted.secret("attribute"),
    "app.apiKey": [planted.secret("attribute list")],
    "app.callback": `postgres://me:${planted.secret("URL in an attribute")}@db/app`,
    "article.author": "kept author",
    "gen_ai.usage.input_tokens": 77,
  });
  addBreadcrumb({
    category: "auth",
    message: `GET http://h/?token=${planted.secret("breadcrumb message")}`,
    data: { headers: { "X-Auth": planted.secret("breadcrumb") }, page: "kept page" },
  });
  setExtra("config", { db: { password: planted.secret("extra"), host: "kept host" } });
  setContext("payment", { cardToken: planted.secret("context"), currency: "kept EUR" });
  setContext("credentials", { user: planted.secret("context by its name") });
  setUser({ id: "kept-user", email: "kept@example.com" });
  setTag("token", "kept-tag");
}

// Outgoing calls may fail: the recorded attributes are the same.
function orders(planted: Planted): Handler {
  return async (request, response, { http, origin }) => {
    if (request.url?.startsWith("/out") === true) {
      response.end("out");
      return;
    }
    setByHand(planted);
    const url = new URL(`${origin}/out?session=${planted.secret("outgoing query")}`);
    url.username = "me";
    url.password = planted.secret("outgoing login");
    await call({ http, url: url.href, headers: secretHeaders(planted) });
    trace.getTracer("app").startActiveSpan(`job ${url.href}`, (span) => span.end());
    response.setHeader("set-cookie", `sid=${planted.secret("set-cookie")}; Path=/`);
    response.end("done");
  };
}

const KEPT = [
  "request-7",
  "page=2",
  "kept author",
  "kept page",
  "kept host",
  "kept EUR",
  "kept-user",
  "kept@example.com",
  "kept-tag",
  '"gen_ai.usage.input_tokens":77',
  '"category":"auth"',
];

const ADDRESSES = ["client.address", "network.peer.address", "http.request.header.x-forwarded-for"];

const answer: Handler = (_request, response) => void response.end();

/** Data about the client on a server's span. */
async function addressOf(sendDefaultPii: boolean): Promise<unknown[]> {
  const { ingest, http, origin, flush } = await startService(answer, { sendDefaultPii });
  await call({ http, url: `${origin}/`, headers: { "x-forwarded-for": "203.0.113.7" } });
  await flush();
  const roots = ingest.transactions().map(({ contexts }) => contexts.trace?.data ?? {});
  const server = roots.find((data) => data["otel.kind"] === "SERVER") ?? {};
  return ADDRESSES.map((name) => server[name]);
}

describe("no envelope of a transaction holds", () => {
  it("a secret of headers, queries, cookies, attributes, breadcrumbs, extra, contexts or URLs", async () => {
    const planted = new Planted();
    const { ingest, http, origin, flush } = await startService(orders(planted));
    const headers = secretHeaders(planted);
    expect(await call({ http, url: `${origin}${secretPath(planted)}`, headers })).toBe(200);
    await flush();
    expect(planted.foundIn(ingest.envelopes)).toEqual([]);
    const sent = ingest.envelopes.map(textOf).join("\n");
    expect(sent).not.toContain("theme=dark");
    expect(KEPT.filter((text) => !sent.includes(text))).toEqual([]);
  });

  it("the address of a client, unless `sendDefaultPii` asks for it", async () => {
    expect(await addressOf(false)).toEqual([undefined, undefined, ["[Filtered]"]]);
    expect(await addressOf(true)).toEqual(["203.0.113.7", "127.0.0.1", ["203.0.113.7"]]);
  });
});
