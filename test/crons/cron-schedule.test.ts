import fc from "fast-check";
import { describe, expect, it } from "vitest";

import { cronSchedule, withoutZeroSeconds } from "../../src/crons/cron-schedule.js";

const CHARACTERS = "*/,-?#LW0123456789 MONJANSU".split("");

describe("cronSchedule", () => {
  it.each([
    ["0 3 * * *", "0 3 * * *"],
    ["  */5\t0-6  1,15 * 1-5 ", "*/5 0-6 1,15 * 1-5"],
    ["0 0 1 JAN,Jul mon-FRI", "0 0 1 1,7 1-5"],
    ["0 0 * january-March SUNDAY", "0 0 * 1-3 0"],
    ["0 0 * * FRI-SUN", "0 0 * * 5-7"],
    ["0 0 * * SUN-TUE", "0 0 * * 0-2"],
    ["0 0 * * sun-sun", "0 0 * * 0-0"],
    ["0 0 * * MON#2", "0 0 * * 1#2"],
    ["0 0 * * friL", "0 0 * * 5L"],
    ["0 0 L * *", "0 0 L * *"],
    ["0 0 lw * *", "0 0 LW * *"],
    ["0 0 ? * ?", "0 0 * * *"],
    ["10-50/20 0 * * 7", "10-50/20 0 * * 7"],
    ["@daily", "@daily"],
    ["@Hourly", "@hourly"],
    ["@midnight", "@daily"],
    ["@weekdays", "0 0 * * 1-5"],
  ])("reads %j as %j", (text, value) => {
    expect(cronSchedule(text)).toEqual({ value });
  });

  it.each([
    ["*/10 * * * * *", "seconds"],
    ["0 0 3 * * *", "seconds"],
    ["* * * *", "five fields"],
    ["", "five fields"],
    ["0 0 1 1 * * 2030", "five fields"],
    ["60 * * * *", "60 is no minute"],
    ["* 24 * * *", "24 is no hour"],
    ["* * 0 * *", "0 is no day of the month"],
    ["* * * 13 *", "13 is no month"],
    ["* * * * 8", "8 is no day of the week"],
    ["* * * * MONKEY", "MONKEY is no day of the week"],
    ["* * * * JAN", "JAN is no day of the week"],
    ["MON * * * *", "MON is no minute"],
    ["* * 15W * *", "15W is no day of the month"],
    ["5-1 * * * *", "5-1 is no minute"],
    ["1-2-3 * * * *", "1-2-3 is no minute"],
    ["*/0 * * * *", "*/0 is no minute"],
    ["*/2/2 * * * *", "*/2/2 is no minute"],
    ["1- * * * *", "1- is no minute"],
    [", * * * *", ", is no minute"],
    ["@reboot", "does not know @reboot"],
    ["@secondly", "does not know @secondly"],
  ])("says of %j that %j", (text, problem) => {
    expect(cronSchedule(text)).toEqual({ problem: expect.stringContaining(problem) });
  });

  it("takes what it gives as it is, and throws for no text", () => {
    const texts = fc.oneof(
      fc.string(),
      fc.array(fc.constantFrom(...CHARACTERS), { maxLength: 24 }).map((chars) => chars.join("")),
    );
    fc.assert(
      fc.property(texts, (text) => {
        const read = cronSchedule(text);
        const again = "value" in read ? cronSchedule(read.value) : read;
        expect(again).toEqual(read);
      }),
    );
  });
});

describe("withoutZeroSeconds", () => {
  it.each([
    ["0 30 3 * * *", "30 3 * * *"],
    ["00 30 3 * * *", "30 3 * * *"],
    ["30 3 * * *", "30 3 * * *"],
    ["*/10 30 3 * * *", "*/10 30 3 * * *"],
    ["@daily", "@daily"],
  ])("of %j is %j", (text, expected) => {
    expect(withoutZeroSeconds(text)).toBe(expected);
  });
});
