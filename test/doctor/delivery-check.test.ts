import { describe, expect, it } from "vitest";

import { checkDelivery } from "../../src/doctor/delivery-check.js";
import { createClient } from "../../src/setup/create-client.js";
import type { ClientStats } from "../../src/client/stats.js";

const EMPTY = createClient({ dsn: false }).stats();

/** The counts of a client that has sent, lost and spooled these numbers of errors. */
function statsOf(sent: number, lost: number, spooled: number): ClientStats {
  const errors = { ...EMPTY.errors, sent, spooled, dropped: lost > 0 ? { send_error: lost } : {} };
  return { ...EMPTY, errors, byCategory: { error: errors } };
}

describe("the doctor's report on the delivery", () => {
  it.each<[what: string, sent: number, lost: number, spooled: number, names: string[]]>([
    ["nothing was captured", 0, 0, 0, []],
    ["all was sent", 3, 0, 0, []],
    ["some is in the spool", 3, 0, 2, []],
    ["all is in the spool", 0, 0, 2, ["only-spooled"]],
    ["some was refused", 3, 2, 0, ["lost-send-error"]],
  ])("says, where %s, what was lost or is not sent yet", (...[, sent, lost, spooled, names]) => {
    const { facts, findings } = checkDelivery(statsOf(sent, lost, spooled));

    expect(findings.map(({ name }) => name)).toEqual(names);
    expect(facts[0]?.value.includes(`in the spool: ${spooled}`)).toBe(spooled > 0);
  });

  it("names what was lost, and the reason", () => {
    const [found] = checkDelivery(statsOf(0, 2, 0)).findings;

    expect(found?.summary).toBe("The client has lost 2 errors, for the reason send_error.");
  });
});
