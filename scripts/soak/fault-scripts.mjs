/** @typedef {import("./random.mjs").Random} Random */
/** @typedef {import("../../test/faults/server-protocol.ts").FaultScript} FaultScript */

// What a rule's requests are counted in, since a script was set: more than come in its time.
const REQUESTS = 400;

/**
 * The faults that a script can hold, by name. Limits are short, so that they end within the run.
 * @type {Readonly<Record<string, (random: Random) => FaultScript>>}
 */
const FAULTS = {
  "answers that are late": (random) => requests(random, late(random, 50, 700)),
  "RST before the answer": (random) => requests(random, broken(random, "rst")),
  "FIN before the answer": (random) => requests(random, broken(random, "fin")),
  "answers that never come": (random) =>
    requests(random, { kind: "stall", process: random.chance(0.5) }),
  "black holes": (random) => requests(random, { kind: "black-hole" }),
  "slow reads": (random) => requests(random, slow(random)),
  "answers that are cut short": (random) => requests(random, cutShort(random)),
  "answers that are no HTTP": (random) =>
    requests(random, { kind: "garbage", process: random.chance(0.5) }),
  "early hints": (random) =>
    requests(random, { kind: "respond", informational: [random.pick([102, 103])] }),
  "connections for one request": (random) =>
    requests(random, { kind: "respond", connection: random.pick(["close", "http10"]) }),
  429: (random) => requests(random, limited(random, 429)),
  "limits on 200": (random) => requests(random, limited(random, 200)),
  413: (random) => requests(random, { kind: "respond", status: 413 }),
  500: (random) => requests(random, { kind: "respond", status: 500 }),
  503: (random) => requests(random, unavailable(random)),
  "idle connections that end": (random) => ({
    idle: { afterMillis: random.between(5, 200), by: random.pick(["fin", "half-close", "rst"]) },
  }),
  "connections that are not read": (random) => connections(random, { kind: "never-read" }),
  "connections that end": (random) =>
    connections(random, {
      kind: random.pick(["fin", "rst"]),
      afterMillis: random.pick([0, 20, 100]),
    }),
  "connections to something else": (random) => connections(random, { kind: "garbage" }),
};

/**
 * One or two faults at a time, for a random share of requests or connections.
 * @param {Random} random
 * @returns {{ names: string[]; script: FaultScript }}
 */
export function randomScript(random) {
  const names = [random.pick(Object.keys(FAULTS))];
  if (random.chance(0.4)) names.push(random.pick(Object.keys(FAULTS)));
  const parts = names.map((name) => FAULTS[name](random));
  const idle = parts.find((part) => part.idle !== undefined)?.idle;
  return {
    names,
    script: {
      connections: parts.flatMap((part) => part.connections ?? []),
      requests: parts.flatMap((part) => part.requests ?? []),
      ...(idle === undefined ? {} : { idle }),
    },
  };
}

function requests(random, action) {
  const only = random.chance(0.2) ? { onReused: true } : {};
  return { requests: [{ ...only, ...some(random), do: action }] };
}

function connections(random, action) {
  return { connections: [{ ...some(random), do: action }] };
}

function some(random) {
  const share = random.pick([0.1, 0.4, 1]);
  if (share === 1) return {};
  const all = Array.from({ length: REQUESTS }, (_, index) => index + 1);
  return { nth: all.filter(() => random.chance(share)) };
}

function broken(random, kind) {
  const at = random.pick(["body", "body", "head", { bodyBytes: 200 }]);
  return { kind, at, process: at === "body" && random.chance(0.5) };
}

function late(random, least, most) {
  return { kind: "respond", delayMillis: random.between(least, most) };
}

function slow(random) {
  return random.chance(0.5)
    ? { kind: "slow-read", startMillis: random.between(50, 700) }
    : { kind: "slow-read", bytesPerSecond: random.pick([10_000, 100_000, 1_000_000]) };
}

function cutShort(random) {
  return {
    kind: "headers-then",
    ending: random.pick(["fin", "rst", "stall"]),
    body: random.pick(["chunked", "length"]),
  };
}

function limited(random, status) {
  const seconds = random.pick(["0.5", "1", "1.5"]);
  const categories = random.pick(["", "error", "transaction;span", "monitor;error;default"]);
  const headers =
    status === 429 && random.chance(0.3)
      ? { "retry-after": "1" }
      : { "x-sentry-rate-limits": `${seconds}:${categories}:organization:soak` };
  return { kind: "respond", status, headers };
}

function unavailable(random) {
  const headers = random.chance(0.5) ? { headers: { "retry-after": "1" } } : {};
  return { kind: "respond", status: random.pick([502, 503, 504]), ...headers };
}
