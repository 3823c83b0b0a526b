import { existsSync } from "node:fs";

import { describe, expect, it } from "vitest";

import { DiscardLedger } from "../../../src/client-reports/ledger.js";
import { createSpool } from "../../../src/delivery/spool/file-spool.js";
import { systemFiles } from "../../../src/delivery/spool/spool-files.js";
import { createDiagnostics } from "../../../src/support/diagnostics.js";
import type { Diagnostics } from "../../../src/support/diagnostics.js";
import { envelopeOf } from "../support.js";
import { spoolDirectory } from "./spool-support.js";

describe("a directory that is prepared", () => {
  it("exists before the first envelope, and is not reported", async () => {
    const directory = await spoolDirectory();
    const spool = createSpool({ directory, recorder: new DiscardLedger(), ...reports() });
    await spool.prepare?.();
    expect(existsSync(directory)).toBe(true);
    expect(told).toEqual([]);
  });

  it("but is a file is a fault", async () => {
    const directory = import.meta.filename;
    const spool = createSpool({ directory, recorder: new DiscardLedger(), ...reports() });
    await spool.prepare?.();
    expect(told).toEqual(["fault"]);
  });

  it.each([
    ["EACCES", "fault"],
    ["ENOTDIR", "fault"],
    ["EROFS", "fault"],
    ["ENOENT", "fault"],
    ["EMFILE", "warning"],
    ["ENOSPC", "warning"],
  ])("but cannot be created (%s) is one %s, also when it is used", async (code, kind) => {
    const directory = await spoolDirectory();
    const fail = (): never => {
      throw Object.assign(new Error(code), { code });
    };
    const files = {
      ...systemFiles,
      makeDirectory: async () => fail(),
      makeDirectorySync: fail,
    };
    let now = 0;
    const settings = { directory, files, recorder: new DiscardLedger(), now: () => now };
    const spool = createSpool({ ...settings, ...reports() });
    await spool.prepare?.();
    expect(spool.isUsable).toBe(false);
    now += 61_000;
    expect(await spool.keep(envelopeOf("error"))).toBe(false);
    expect(told).toEqual([kind]);
  });

  let told: string[] = [];

  function reports(): { diagnostics: Diagnostics } {
    told = [];
    const logger = { warn: () => void told.push("warning"), debug: () => {} };
    const diagnostics = createDiagnostics(logger, { isSilent: true });
    // It counts with the warnings of its kind, but is not written to standard error here.
    const faultOnce: Diagnostics["faultOnce"] = (...fault) => {
      told.push("fault");
      diagnostics.faultOnce(...fault);
    };
    return { diagnostics: { ...diagnostics, faultOnce } };
  }
});
