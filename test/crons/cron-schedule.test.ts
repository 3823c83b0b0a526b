import fc from "fast-check";
import { describe, expect, it } from "vitest";

import { parseCrontab, withoutZeroSeconds } from "../../src/crons/cron-schedule.js";

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
    expect(parseCrontab(text)).toEqual({ value });
  });

  it.each([
    ["*/10 * * * * *", "seconds"],
    ["0 0 3 * * *", "seconds"],
    ["* * * *", "five fields"],
    ["", "five fields"],
    ["0 0 1 1 * * 2030", "five fields"],
    ["60 * * * *", 'an invalid minute: "60"'],
    ["* 24 * * *", 'an invalid hour: "24"'],
    ["* * 0 * *", 'an invalid day of the month: "0"'],
    ["* * * 13 *", 'an invalid month: "13"'],
    ["* * * * 8", 'an invalid day of the week: "8"'],
    ["* * * * MONKEY", 'an invalid day of the week: "MONKEY"'],
    ["* * * * JAN", 'an invalid day of the week: "JAN"'],
    ["MON * * * *", 'an invalid minute: "MON"'],
    ["* * 15W * *", 'an invalid day of the month: "15W"'],
    ["5-1 * * * *", 'an invalid minute: "5-1"'],
    ["1-2-3 * * * *", 'an invalid minute: "1-2-3"'],
    ["*/0 * * * *", 'an invalid minute: "*/0"'],
    ["*/2/2 * * * *", 'an invalid minute: "*/2/2"'],
    ["1- * * * *", 'an invalid minute: "1-"'],
    [", * * * *", 'an invalid minute: ","'],
    ["@reboot", "a macro that Sentry does not support"],
    ["@secondly", "a macro that Sentry does not support"],
  ])("says of %j that %j", (text, problem) => {
    expect(parseCrontab(text)).toEqual({ problem: expect.stringContaining(problem) });
  });

  it("takes what it gives as it is, and throws for no text", () => {
    const texts = fc.oneof(
      fc.string(),
      fc.array(fc.constantFrom(...CHARACTERS), { maxLength: 24 }).map((chars) => chars.join("")),
    );
    fc.assert(
      fc.property(texts, (text) => {
        const read = parseCrontab(text);
        const again = "value" in read ? parseCrontab(read.value) : read;
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
