import { describe, expect, it } from "vitest";

import { checkDelivery } from "../../src/doctor/delivery-check.js";
import { createClient } from "../../src/setup/create-client.js";
import type { ClientStats } from "../../src/client/stats.js";

const EMPTY = createClient({ dsn: false }).stats();

interface Counts {
  readonly sent?: number;
  readonly lost?: number;
  /** Lost because it ended after the client. */
  readonly closed?: number;
  readonly spooled?: number;
  readonly isReachable?: boolean;
  readonly category?: "error" | "transaction";
}

/** The counts of a client that has sent, lost and spooled these numbers of transactions, or of errors. */
function statsOf({
  sent = 0,
  lost = 0,
  closed = 0,
  spooled = 0,
  isReachable = true,
  category = "transaction",
}: Counts): ClientStats {
  const dropped = {
    ...(lost > 0 ? { send_error: lost } : {}),
    ...(closed > 0 ? { closed } : {}),
  };
  const counts = { ...EMPTY.errors, sent, spooled, dropped };
  const delivery = { ...EMPTY.delivery, isReachable };
  return { ...EMPTY, errors: counts, delivery, byCategory: { [category]: counts } };
}

describe("the doctor's report on the delivery", () => {
  it.each<[what: string, counts: Counts, names: string[]]>([
    ["nothing was captured", {}, []],
    ["all was sent", { sent: 3 }, []],
    ["some is in the spool", { sent: 3, spooled: 2 }, []],
    ["all is in the spool, because the process has exited", { spooled: 2 }, []],
    ["an interval was at work when the process was stopped", { sent: 5, closed: 1 }, []],
    ["an error came too late", { sent: 5, closed: 1, category: "error" }, ["lost-closed"]],
    ["most came too late", { sent: 4, closed: 1 }, ["lost-closed"]],
    ["much came too late", { sent: 100, closed: 5 }, ["lost-closed"]],
    ["some was refused", { sent: 3, lost: 2 }, ["lost-send-error"]],
  ])("says, where %s, what was lost or is not sent yet", (_what, counts, names) => {
    const { facts, findings } = checkDelivery(statsOf(counts));
    const { spooled = 0 } = counts;

    expect(findings.map(({ name }) => name)).toEqual(names);
    expect(facts[0]?.value.includes(`in the spool: ${spooled}`)).toBe(spooled > 0);
  });

  it("warns of a server that was never reached, while the spool keeps everything", () => {
    const { findings } = checkDelivery(statsOf({ spooled: 2, isReachable: false }));

    expect(findings.map(({ name }) => name)).toEqual(["only-spooled"]);
    const resumed = statsOf({ sent: 1, spooled: 2, isReachable: false });
    expect(checkDelivery(resumed).findings).toEqual([]);
  });

  it("names what was lost, and the reason", () => {
    const [found] = checkDelivery(statsOf({ lost: 2, category: "error" })).findings;

    expect(found?.summary).toBe("The client has lost 2 errors, for the reason send_error.");
  });
});
