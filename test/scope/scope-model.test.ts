import fc from "fast-check";
import { expect, it } from "vitest";

import { mergeScopes } from "../../src/scope/merge.js";
import { Scope } from "../../src/scope/scope.js";
import type { Breadcrumb } from "../../src/scope/scope-data.js";

/** A model of a scope in the plainest way: everything is copied at every step. */
interface Model {
  user: object | undefined;
  tags: Record<string, unknown>;
  contexts: Record<string, object>;
  extra: Record<string, unknown>;
  attributes: Record<string, unknown>;
  breadcrumbs: object[];
  fingerprint: string[] | undefined;
  level: string | undefined;
  transactionName: string | undefined;
  eventProcessors: object[];
  attachments: object[];
}

type Step = (scope: Scope, model: Model) => void;

const LIMIT = 5;

// Values that a scope keeps unchanged; other tests cover how it copies other values.
const leaf = fc.oneof(
  fc.string().map((text) => text.toWellFormed()),
  fc.integer(),
  fc.boolean(),
  fc.constant(null),
);
const key = fc.constantFrom("a", "b", "c", "plan", "team", "x.y", "toString", "constructor");
const record = fc.dictionary(
  key,
  fc.oneof(leaf, fc.array(leaf, { maxLength: 3 }), fc.dictionary(key, leaf)),
);
const tagText = fc.stringMatching(/^[a-z0-9 ]{0,20}$/);
const crumb: fc.Arbitrary<Breadcrumb> = fc.record({
  timestamp: fc.nat(1000),
  message: tagText,
  data: fc.dictionary(key, leaf),
});

const step: fc.Arbitrary<Step> = fc.oneof(
  fc.option(record).map((user): Step => (scope, model) => {
    scope.setUser(user);
    model.user = structuredClone(user) ?? undefined;
  }),
  fc
    .tuple(key, fc.oneof(tagText, fc.integer(), fc.boolean(), fc.constant(undefined)))
    .map(([name, value]): Step => (scope, model) => {
      scope.setTag(name, value);
      const text = value === undefined ? "" : String(value).trim();
      if (text === "") delete model.tags[name];
      else model.tags[name] = text;
    }),
  fc.tuple(key, fc.option(record)).map(([name, value]): Step => (scope, model) => {
    scope.setContext(name, value);
    if (value === null) delete model.contexts[name];
    else model.contexts[name] = structuredClone(value);
  }),
  record.map((extras): Step => (scope, model) => {
    scope.setExtras(extras);
    Object.assign(model.extra, structuredClone(extras));
  }),
  fc.tuple(key, leaf).map(([name, value]): Step => (scope, model) => {
    scope.setExtra(name, value);
    model.extra[name] = value;
  }),
  record.map((attributes): Step => (scope, model) => {
    scope.setAttributes(attributes);
    Object.assign(model.attributes, structuredClone(attributes));
  }),
  crumb.map((value): Step => (scope, model) => {
    scope.addBreadcrumb(value, LIMIT);
    model.breadcrumbs = [...model.breadcrumbs, structuredClone(value)].slice(-LIMIT);
  }),
  fc.array(tagText, { maxLength: 3 }).map((parts): Step => (scope, model) => {
    scope.setFingerprint(parts);
    // An empty list would remove the fingerprint.
    model.fingerprint = parts.length === 0 ? undefined : [...parts];
  }),
  fc.constantFrom("debug" as const, "error" as const).map((level): Step => (scope, model) => {
    scope.setLevel(level);
    model.level = level;
  }),
  tagText.map((name): Step => (scope, model) => {
    scope.setTransactionName(name);
    model.transactionName = name.trim();
  }),
  fc.record({ filename: tagText, data: tagText }).map((file): Step => (scope, model) => {
    scope.addAttachment(file);
    model.attachments.push({ ...file });
  }),
  fc.constant<Step>((scope, model) => {
    scope.clear();
    Object.assign(model, emptyModel());
  }),
);

/** Steps on a growing tree of scopes: each changes a scope or forks it. */
const program = fc.array(
  fc.record({
    at: fc.nat(),
    step: fc.oneof({ weight: 4, arbitrary: step }, fc.constant("fork" as const)),
  }),
  { maxLength: 60 },
);

function emptyModel(): Model {
  return {
    user: undefined,
    tags: {},
    contexts: {},
    extra: {},
    attributes: {},
    breadcrumbs: [],
    fingerprint: undefined,
    level: undefined,
    transactionName: undefined,
    eventProcessors: [],
    attachments: [],
  };
}

function contentOf(scope: Scope): unknown {
  // Other tests cover the rules that were broken.
  const { broken: _broken, ...content } = mergeScopes([scope.data], LIMIT);
  return content;
}

it("does what deep copies would do, on every scope of a tree of forks", () => {
  fc.assert(
    fc.property(program, (steps) => {
      const tree: { scope: Scope; model: Model }[] = [{ scope: new Scope(), model: emptyModel() }];
      for (const { at, step: action } of steps) {
        const node = tree[at % tree.length];
        if (node === undefined) continue;
        if (action === "fork") {
          tree.push({ scope: node.scope.fork(), model: structuredClone(node.model) });
        } else action(node.scope, node.model);
      }
      for (const { scope, model } of tree) expect(contentOf(scope)).toEqual(model);
    }),
    { numRuns: 300 },
  );
});

it("never changes the data that was taken from a scope before", () => {
  fc.assert(
    fc.property(program, (steps) => {
      const scopes = [new Scope()];
      const taken: { data: Scope["data"]; text: string }[] = [];
      for (const { at, step: action } of steps) {
        const scope = scopes[at % scopes.length];
        if (scope === undefined) continue;
        taken.push({ data: scope.data, text: JSON.stringify(scope.data) });
        if (action === "fork") scopes.push(scope.fork());
        else action(scope, emptyModel());
      }
      for (const { data, text } of taken) expect(JSON.stringify(data)).toBe(text);
    }),
  );
});

it("freezes all that it holds, and nothing of the application's", () => {
  fc.assert(
    fc.property(record, record, crumb, (user, extras, breadcrumb) => {
      const scope = new Scope()
        .setUser(user)
        .setContext("c", user)
        .setExtras(extras)
        .setAttributes(extras);
      scope.setTags({ a: "b" }).setFingerprint(["f"]).addBreadcrumb(breadcrumb);
      expect(thawedIn(scope.data)).toEqual([]);
      for (const own of [user, extras, breadcrumb, breadcrumb.data])
        expect(Object.isFrozen(own)).toBe(false);
    }),
  );
});

// The nodes of the list are internal to the scope; only the breadcrumbs are visible outside.
function thawedIn(value: unknown, path: string = "data"): string[] {
  if (typeof value !== "object" || value === null) return [];
  const fields = Object.entries(value).flatMap(([name, field]) =>
    thawedIn(field, `${path}.${name}`),
  );
  const isLink = path.endsWith(".breadcrumbs");
  return Object.isFrozen(value) || isLink ? fields : [path, ...fields];
}
