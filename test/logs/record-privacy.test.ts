import { describe, expect, it } from "vitest";

import { getCurrentScope, logger, metrics, setUser, withScope } from "../../src/index.js";
import type { ClientOptions } from "../../src/index.js";
import { attributePrivacy } from "../../src/privacy/private-attributes.js";
import { RecordPrivacy } from "../../src/logs/record-privacy.js";
import { cpuTime } from "../time/measure.js";
import { startTelemetry } from "./telemetry-kit.js";
import { valuesOf } from "./telemetry-rules.js";

const F = "[Filtered]";

const GIVEN: Readonly<Record<string, unknown>> = {
  password: "x",
  "app.payload": '{"password":"x","page":2}',
  cookie: "theme=x",
  "http.request.header.cookie": ["theme=x"],
  "http.request.header.x-forwarded-for": "192.0.2.1",
  "http.request.header.accept": "text/html",
  "process.command_line": "app --password x -v",
  argv: ["app", "--token", "x"],
  "url.full": "https://me:x@h/?token=x&page=2",
  note: "AKIAIOSFODNN7EXAMPLE was used",
  reply: { cookies: { theme: "x" }, body: '{"token":"x"}', total: 12 },
  input_tokens: 12,
  next_page_token: "abc",
  "client.address": "192.0.2.1",
  paid: true,
};

async function sent(
  given: Readonly<Record<string, unknown>>,
  options: ClientOptions = {},
): Promise<Record<string, unknown>> {
  const { logs } = startTelemetry(options);
  logger.info("sent", given);
  const [log] = await logs();
  const values = valuesOf(log);
  return Object.fromEntries(Object.keys(given).map((key) => [key, values[key]]));
}

describe("an attribute of a log", () => {
  it("is sent without secrets, cookies and addresses of clients", async () => {
    expect(await sent(GIVEN)).toEqual({
      password: F,
      "app.payload": `{"password":"${F}","page":2}`,
      cookie: F,
      "http.request.header.cookie": [F],
      "http.request.header.x-forwarded-for": F,
      "http.request.header.accept": "text/html",
      "process.command_line": `app --password ${F} -v`,
      argv: ["app", "--token", F],
      "url.full": `https://${F}:${F}@h/?token=${F}&page=2`,
      note: `${F} was used`,
      reply: `{"cookies":"${F}","body":"{\\"token\\":\\"${F}\\"}","total":12}`,
      input_tokens: 12,
      next_page_token: "abc",
      "client.address": undefined,
      paid: true,
    });
  });

  it("is sent with addresses and named cookies where `sendDefaultPii` is true", async () => {
    expect(await sent(GIVEN, { sendDefaultPii: true })).toMatchObject({
      password: F,
      cookie: "theme=x",
      "http.request.header.cookie": ["theme=x"],
      "http.request.header.x-forwarded-for": "192.0.2.1",
      "client.address": "192.0.2.1",
    });
  });

  it("is filtered as an attribute of a span of this name is", () => {
    const privacy = new RecordPrivacy(false, 32_768);
    for (const [name, value] of Object.entries(GIVEN)) {
      const { filter, omission } = attributePrivacy(name, false);
      expect(privacy.attribute(name, value, privacy.begin(100_000))).toEqual(
        omission === "always" ? undefined : filter(value),
      );
    }
  });

  it("is filtered where it comes from a scope or `initialScope`, and the user is not", async () => {
    const { logs } = startTelemetry({
      initialScope: { attributes: { "app.settings": '{"apiKey":"x"}' } },
    });
    withScope(() => {
      getCurrentScope().setAttributes({ reply: '{"token":"x"}', secret: "x" });
      setUser({ id: "7", email: "ada@example.com" });
      logger.info("sent");
    });
    const [log] = await logs();
    expect(valuesOf(log)).toMatchObject({
      "app.settings": `{"apiKey":"${F}"}`,
      reply: `{"token":"${F}"}`,
      secret: F,
      "user.id": "7",
      "user.email": "ada@example.com",
    });
  });

  it("keeps its type, its unit and large integers", async () => {
    const { logs } = startTelemetry();
    logger.info("sent", { size: { value: 3, unit: "byte" }, big: 2n ** 60n, ids: [1, 2] });
    const [log] = await logs();
    expect(log?.attributes["size"]).toEqual({ type: "integer", value: 3, unit: "byte" });
    expect(log?.attributes["big"]?.type).toBe("integer");
    expect(log?.attributes["ids"]).toEqual({ type: "array", value: [1, 2] });
  });
});

describe("the body of a log", () => {
  it.each<readonly [string, () => void, string]>([
    [
      "text",
      () => logger.info('got {"password":"x","page":2}'),
      `got {"password":"${F}","page":2}`,
    ],
    ["an object", () => logger.info({ password: "x" } as never), `{"password":"${F}"}`],
    ["an error", () => logger.info(new Error('{"token":"x"}') as never), `Error: {"token":"${F}"}`],
    ["a template", () => logger.info(logger.fmt`got ${{ token: "x" }}`), `got {"token":"${F}"}`],
    ["a URL", () => logger.info("GET https://me:x@h/"), `GET https://${F}:${F}@h/`],
  ])("is sent without secrets: %s", async (_, write, body) => {
    const { logs } = startTelemetry();
    write();
    expect((await logs())[0]?.body).toBe(body);
  });

  it("has parameters that are filtered by their names and texts", async () => {
    const { logs } = startTelemetry();
    logger.info({ message: "sent", template: "sent", parameters: { password: "x", page: 2 } });
    logger.info(logger.fmt`got ${'{"token":"x"}'}`);
    const [named, numbered] = await logs();
    expect(valuesOf(named)).toMatchObject({
      "sentry.message.parameter.password": F,
      "sentry.message.parameter.page": 2,
    });
    expect(valuesOf(numbered)).toMatchObject({
      "sentry.message.parameter.0": `{"token":"${F}"}`,
    });
  });
});

describe("a parameter of a log's message", () => {
  it.each([
    [{ password: "hunter two" }, "me/hunter two in", `me/${F} in`],
    [{ name: "Ada", password: "hunter2" }, "Ada/hunter2/Ada", `Ada/${F}/Ada`],
    [{ card_pin: 42, page: 142 }, "pin 42 of 142", `pin ${F} of 142`],
    [{ apiKey: "a.b" }, "a.b, aXb", `${F}, aXb`],
    [{ login: { user: "Ada", password: "hunter2" } }, "Ada:hunter2", `Ada:${F}`],
    [{ credentials: { user: "Ada", pass: ["x1y2z3"] } }, "Ada:x1y2z3", `${F}:${F}`],
  ])("is withheld in the body as it is in its attribute: %j", async (parameters, message, body) => {
    const { logs } = startTelemetry();
    logger.info({ message, template: "{a}", parameters });
    expect((await logs())[0]?.body).toBe(body);
  });

  it.each([
    ["values", Array.from({ length: 60 }, () => Array.from({ length: 100 }, () => ({})))],
    ["characters", Array.from({ length: 9 }, () => "x".repeat(30_000))],
  ])("is not in the body if the parameters have too many %s to be read", async (_what, list) => {
    const { logs } = startTelemetry();
    const parameters = { ...Object.fromEntries(list.entries()), password: "hunter two" };
    logger.info({ message: "me/hunter two in", template: "me/{password} in", parameters });
    const [log] = await logs();
    expect(log?.body).toBe("me/{password} in");
    expect(JSON.stringify(log)).not.toContain("hunter");
  });

  it("is filtered before it is read together with what stands after it", async () => {
    const { logs } = startTelemetry();
    const cutOff = '{"page":2,"apiKey":"hunter2';
    logger.info(logger.fmt`got ${cutOff} of ${{ body: '{"token":"x"}' }}`);
    const body = (await logs())[0]?.body;
    expect(body).toContain('"page":2');
    expect(body).not.toMatch(/hunter2|"x/);
  });

  it("is withheld in its attribute if the text around it says that it is a secret", async () => {
    const { logs } = startTelemetry();
    logger.info(logger.fmt`password=${"hunter2"} of ${"Ada"} on page ${7}`);
    logger.info(logger.fmt`GET https://me:${"hunter2"}@h/?token=${"t1"}&page=${7}`);
    logger.info(logger.fmt`{"password":"${"hunter2"}","page":${7}}`);
    const [assigned, url, json] = await logs();
    expect(valuesOf(assigned)).toMatchObject({
      "sentry.message.parameter.0": F,
      "sentry.message.parameter.1": "Ada",
      "sentry.message.parameter.2": 7,
    });
    expect(valuesOf(url)).toMatchObject({
      "sentry.message.parameter.0": F,
      "sentry.message.parameter.1": F,
      "sentry.message.parameter.2": 7,
    });
    expect(valuesOf(json)).toMatchObject({
      "sentry.message.parameter.0": F,
      "sentry.message.parameter.1": 7,
    });
  });
});

describe("an attribute of a metric", () => {
  it("is filtered before it is cut", async () => {
    const { metrics: values } = startTelemetry({ enableMetrics: true });
    const page = "x".repeat(150);
    metrics.count("m", 1, {
      attributes: { body: `{"page":"${page}","password":"S3CRET${"y".repeat(100)}"}`, token: "x" },
    });
    const [metric] = await values();
    expect(metric?.attributes["token"]?.value).toBe(F);
    expect(JSON.stringify(metric)).not.toContain("S3CRET");
    expect(String(metric?.attributes["body"]?.value)).toContain(page);
  });
});

describe("hooks of logs and metrics", () => {
  it("see what is sent without them, and what they add is not filtered", async () => {
    const seen: unknown[] = [];
    const { logs, metrics: values } = startTelemetry({
      enableMetrics: true,
      beforeSendLog: (log) => {
        seen.push(log.message, log.attributes["password"]);
        return { ...log, attributes: { ...log.attributes, token: "added" } };
      },
      beforeSendMetric: (metric) => {
        seen.push(metric.attributes?.["password"]);
        return { ...metric, attributes: { ...metric.attributes, token: "added" } };
      },
    });
    logger.info('{"token":"x"}', { password: "x" });
    metrics.count("m", 1, { attributes: { password: "x" } });
    const [log] = await logs();
    const [metric] = await values();
    expect(seen).toEqual([`{"token":"${F}"}`, F, F]);
    expect(log?.attributes["token"]?.value).toBe("added");
    expect(metric?.attributes["token"]?.value).toBe("added");
  });
});

describe("what is read of one log or metric", () => {
  it("is bounded, however many long attributes it has", async () => {
    const { logs } = startTelemetry({ enableMetrics: true });
    const long = `{"password":"x","a":[${'"token",'.repeat(8000)}`;
    const attributes = Object.fromEntries(Array.from({ length: 1000 }, (_, i) => [`k${i}`, long]));
    const objects = Object.fromEntries(
      Array.from({ length: 1000 }, (_, i) => [`k${i}`, { password: "x", long }]),
    );
    const spent = cpuTime();
    for (const given of [attributes, objects]) {
      logger.info("sent", given);
      metrics.count("m", 1, { attributes: given });
    }
    const millis = spent();
    expect(await logs()).toHaveLength(2);
    expect(millis).toBeLessThan(1000);
  });
});
