import { afterEach, beforeEach, describe, expect, it } from "vitest";

import type { ReceivedError } from "../../src/testing/received.js";
import { startIngestServer } from "../../src/testing/testing.js";
import { startFixture } from "./child.js";

const REQUESTS = 50;

interface Report {
  readonly user: unknown;
  readonly tags: Readonly<Record<string, string>>;
}

let server: Awaited<ReturnType<typeof startIngestServer>>;

beforeEach(async () => {
  server = await startIngestServer();
});

afterEach(() => server.close());

async function report(env: Readonly<Record<string, string>>): Promise<Report> {
  const settings = { DSN: server.dsn, REQUESTS: String(REQUESTS), ...env };
  const fixture = await startFixture("no-context-manager.mjs", { env: settings });
  try {
    return await fixture.next<Report>();
  } finally {
    await fixture.stop();
  }
}

function messageOf(error: ReceivedError): string {
  return error.exception?.values?.[0]?.value ?? "";
}

describe("concurrent requests without a context manager", () => {
  it("have no user, rather than that of another", async () => {
    const outside = await report({ BY_SPAN: "no" });
    const transactions = server.transactions();
    expect(transactions).toHaveLength(REQUESTS);
    expect(server.errors()).toHaveLength(REQUESTS * 2);
    for (const each of [...transactions, ...server.errors()]) {
      expect(each.user).toBeUndefined();
      expect(each.tags).not.toHaveProperty("request");
      expect(each.tags?.["region"]).toBe("eu");
      expect(each.breadcrumbs ?? []).toEqual([]);
    }
    expect(outside).toEqual({ user: null, tags: { region: "eu" } });
  });

  it("have the user that is set by their span, on transactions and on recorded errors", async () => {
    await report({ BY_SPAN: "yes" });
    for (const { transaction, user, tags, spans } of server.transactions()) {
      expect(user?.id).toBe(transaction);
      expect(tags?.["unit"]).toBe(transaction);
      expect(spans.map((span) => span.description)).toEqual([`${transaction}.child`]);
    }
    const recorded = server.errors().filter((error) => messageOf(error).startsWith("recorded:"));
    expect(recorded).toHaveLength(REQUESTS);
    for (const error of recorded) expect(`recorded:${error.user?.id}`).toBe(messageOf(error));
    const captured = server.errors().filter((error) => messageOf(error).startsWith("captured:"));
    for (const error of captured) expect(error.user).toBeUndefined();
  });
});
