import { describe, expect, it } from "vitest";

import { isBridgeClient } from "../../src/setup/bridge-client.js";
import { createClient } from "../../src/setup/create-client.js";

describe("isBridgeClient", () => {
  it("accepts a client", async () => {
    const client = createClient({ dsn: false });
    expect(isBridgeClient(client)).toBe(true);
    await client.close();
  });

  it.each(["has", "get"] as const)(
    "refuses a proxy of one whose trap `%s` throws",
    async (trap) => {
      const client = createClient({ dsn: false });
      const hostile = new Proxy(client, { [trap]: () => expect.fail("trapped") });
      expect(isBridgeClient(hostile)).toBe(false);
      await client.close();
    },
  );
});
