import { addBreadcrumb, getCurrentScope, setContext, setTag, setUser } from "../../src/index.js";
import { DEFAULT_UNIT, NOWHERE, scopesIn } from "./facts.js";
import type { Place } from "./facts.js";
import type { Ledger } from "./ledger.js";
import type { Write } from "./syntax.js";
import type { UnitData } from "./unit-data.js";

let clock = 1_700_000_000;

/** Writes to the scopes that are active, and to the ledger what syntax says they are. */
export function applyWrite(
  ledger: Ledger,
  { place, label, write }: { place: Place; label: string; write: Write },
): void {
  // Outside of all units programs would write to one another's.
  if (scopesIn(place).unit === DEFAULT_UNIT) return;
  clock++;
  const change = WRITERS[write.what]({ label, key: write.key, timestamp: clock });
  ledger.write(place, change, write.what === "overlay");
}

/** Writes to the process's default scope, wherever it stands. */
export function writeOutside(
  ledger: Ledger,
  { label, write }: { label: string; write: Write },
): void {
  const change = WRITERS[write.what]({ label, key: write.key, timestamp: clock });
  ledger.write(NOWHERE, change);
}

interface WriteInput {
  readonly label: string;
  readonly key: number;
  readonly timestamp: number;
}

type Change = (data: UnitData) => Partial<UnitData>;

const WRITERS: Readonly<Record<Write["what"], (input: WriteInput) => Change>> = {
  user({ label }) {
    setUser({ id: label });
    return () => ({ user: { id: label } });
  },
  tag({ label, key }) {
    setTag(`key${key}`, label);
    return ({ tags }) => ({ tags: { ...tags, [`key${key}`]: label } });
  },
  untag({ key }) {
    setTag(`key${key}`, undefined);
    return ({ tags }) => ({
      tags: Object.fromEntries(Object.entries(tags).filter(([name]) => name !== `key${key}`)),
    });
  },
  crumb({ label, timestamp }) {
    addBreadcrumb({ message: label, timestamp });
    return ({ crumbs }) => ({ crumbs: [...crumbs, { message: label, timestamp }] });
  },
  context({ label, key }) {
    const value = { deep: { label } };
    setContext(`context${key}`, value);
    // The application's object is its own: what it does with it later concerns nobody.
    value.deep.label = "changed later";
    return ({ contexts }) => ({
      contexts: { ...contexts, [`context${key}`]: { deep: { label } } },
    });
  },
  overlay({ label, key }) {
    getCurrentScope().setTag(`overlay${key}`, label);
    return ({ tags }) => ({ tags: { ...tags, [`overlay${key}`]: label } });
  },
};
