import { expect, it } from "vitest";

import { mayContinue } from "../../src/trace/headers.js";

// The table of https://develop.sentry.dev/sdk/foundations/trace-propagation/.
it.each([
  { which: "both the same", incoming: "1", orgId: "1", usually: true, strictly: true },
  { which: "different ones", incoming: "1", orgId: "2", usually: false, strictly: false },
  { which: "the sender's", incoming: "1", orgId: undefined, usually: true, strictly: false },
  { which: "the receiver's", incoming: undefined, orgId: "1", usually: true, strictly: false },
  { which: "none", incoming: undefined, orgId: undefined, usually: true, strictly: true },
])("organizations: $which", ({ incoming, orgId, usually, strictly }) => {
  expect(mayContinue(incoming, { orgId, isStrict: false })).toBe(usually);
  expect(mayContinue(incoming, { orgId, isStrict: true })).toBe(strictly);
});
