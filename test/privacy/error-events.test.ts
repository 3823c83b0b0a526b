import { describe, expect, it } from "vitest";

import {
  addBreadcrumb,
  captureException,
  setContext,
  setExtra,
  setTag,
  setUser,
} from "../../src/index.js";
import { Planted, textOf } from "./planted.js";
import { secretHeaders, secretPath } from "./secret-headers.js";
import type { Handler } from "./service.js";
import { call, startService } from "./service.js";

function failing(planted: Planted): Handler {
  return (_request, response) => {
    addBreadcrumb({
      message: `GET http://h/?token=${planted.secret("breadcrumb message")}`,
      data: { headers: { "X-Auth": planted.secret("breadcrumb") }, page: "kept page" },
    });
    setExtra("config", { db: { password: planted.secret("extra"), host: "kept host" } });
    setContext("payment", { cardToken: planted.secret("context"), currency: "kept EUR" });
    setUser({ id: "kept-user" });
    setTag("token", "kept-tag");
    setTag("config", "user: kept\npassword: huntermypass\nport: 1");
    const cause = new Error(`no answer of redis://:${planted.secret("cause")}@cache:6379`);
    const login = planted.secret("message");
    captureException(new Error(`kept message of http://me:${login}@h/`, { cause }));
    captureException({ kept: "thrown", password: planted.secret("thrown object") });
    response.end();
  };
}

const told: Handler = (_request, response) => {
  captureException(new Error("told"));
  response.end();
};

/** The request of an error event. */
async function requestWith(sendDefaultPii: boolean): Promise<unknown> {
  const { ingest, http, origin, flush } = await startService(told, { sendDefaultPii });
  const headers = { cookie: "theme=dark; sid=abc", "x-forwarded-for": "203.0.113.7" };
  await call({ http, url: `${origin}/orders?page=2`, headers });
  await flush();
  return ingest.errors()[0]?.["request"];
}

describe("no envelope of an error holds", () => {
  it("a secret of headers, queries, cookies, breadcrumbs, extra, contexts or URLs", async () => {
    const planted = new Planted();
    const { ingest, http, origin, flush } = await startService(failing(planted));
    const headers = secretHeaders(planted);
    await call({ http, url: `${origin}${secretPath(planted)}`, headers });
    await flush();
    const errors = ingest.envelopes.filter(({ items }) =>
      items.some((item) => item.header.type === "event"),
    );
    expect(errors).toHaveLength(2);
    expect(planted.foundIn(errors)).toEqual([]);
    const sent = errors.map(textOf).join("\n");
    expect(sent).toContain('"config":"user: kept password: [Filtered] port: 1"');
    const kept = "kept message|kept page|kept host|kept EUR|kept-user|kept-tag|thrown".split("|");
    expect(kept.filter((text) => !sent.includes(text))).toEqual([]);
  });

  it("the address or the cookies of a client, unless `sendDefaultPii` asks for them", async () => {
    const request = await requestWith(false);
    expect(request).toMatchObject({ method: "GET", query_string: "page=2" });
    expect(JSON.stringify(request)).not.toMatch(/theme|203\.0\.113\.7|127\.0\.0\.1"/);
    expect(await requestWith(true)).toMatchObject({
      cookies: "theme=dark; sid=[Filtered]",
      env: { REMOTE_ADDR: "203.0.113.7" },
    });
  });
});
