import { isDeepStrictEqual } from "node:util";

const NOBODY = { user: "nobody, its caller is missing", tenant: "none" };

/**
 * Finds scope data that is on somebody else's transaction or error event.
 *
 * The expected owner is never read from the scope: a request names it in its path, a job in an
 * attribute, and an upstream request belongs to whoever sent it.
 *
 * @param {import("../received.mjs").Received} received
 * @param {object[]} errors
 * @returns {string[]} one line per leak
 */
export function findLeaks(received, errors) {
  return [
    ...received.roots.flatMap((root) => differences(root.transaction, ownerOf(root, received))),
    ...errors.flatMap((event) => errorDifferences(event, received)),
  ];
}

function ownerOf(root, received) {
  if (root.service === "inventory") {
    const caller = received.parentOf(root);
    return caller === undefined ? NOBODY : ownerOf(received.rootOf(caller), received);
  }
  if (root.data["job.user"] !== undefined) {
    return { user: root.data["job.user"], tenant: root.data["job.tenant"] };
  }
  const [, tenant, , user] = String(root.data["url.path"]).split("/");
  return { user, tenant };
}

function differences({ transaction, user, tags }, expected) {
  const found = { user: user?.id, tags: { ...tags } };
  const wanted = { user: expected.user, tags: { tenant: expected.tenant } };
  if (isDeepStrictEqual(found, wanted)) return [];
  return [`${transaction}: ${JSON.stringify(found)} instead of ${JSON.stringify(wanted)}`];
}

function errorDifferences(event, received) {
  const name = event.exception?.values?.at(-1)?.value;
  const job = received
    .jobs()
    .find(({ data }) => name === `Card of ${data["job.user"]} has expired`);
  if (job === undefined) return [`${name}: an error of no job`];
  const trail = (event.breadcrumbs?.values ?? []).map(textOfCrumb);
  const order = job.data["messaging.message.id"];
  const ownTrail = [`${order} taken`, `/reservations/${order}`];
  return [
    ...differences({ ...event, transaction: name }, ownerOf(job, received)),
    ...(event.contexts?.trace?.trace_id === job.traceId ? [] : [`${name}: on another trace`]),
    ...(isDeepStrictEqual(trail, ownTrail)
      ? []
      : [`${name}: breadcrumbs ${JSON.stringify(trail)}`]),
  ];
}

// The worker's own, or the bridge's of a request that it has made.
function textOfCrumb({ message, data }) {
  return message ?? new URL(data.url).pathname;
}
