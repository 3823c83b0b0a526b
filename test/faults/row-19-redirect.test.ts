import { expect, it } from "vitest";

import { expectAccounted, outcomeOf } from "./accounted.js";
import { openDelivery } from "./delivery.js";
import { describeRow, startFaultServer } from "./kit.js";

describeRow(19, "a redirect", () => {
  it.each([301, 302, 307, 308])(
    "with %i is not followed; it is a `send_error`, and the DSN is named as the cause",
    async (status) => {
      const server = await startFaultServer();
      const elsewhere = await startFaultServer();
      const location = `http://127.0.0.1:${elsewhere.port}/api/1/envelope/`;
      const redirect = { kind: "respond", status, headers: { location } } as const;
      await server.script({ requests: [{ category: "error", times: 1, do: redirect }] });
      const delivery = openDelivery(server);
      await delivery.send("error");
      await delivery.send("error");
      expect(outcomeOf(delivery.accounting())).toEqual({
        delivered: { error: 1 },
        dropped: { error: { send_error: 1 } },
      });
      expect(delivery.warnings).toEqual([expect.stringMatching(/scheme .* of the DSN/u)]);
      expect((await elsewhere.report()).connections.opened).toBe(0);
      expect((await server.report()).events.maxAttempts).toBe(1);
      await expectAccounted(delivery.accounting(), server);
    },
  );
});
