import { validSpanId } from "../trace/span.js";

/** Parents by the ids of the spans that were taken out. */
export type TakenOut = ReadonlyMap<string, string | undefined>;

const PARENT_MEMBER = /"parent_span_id":"([\da-f]{16})"/g;

/** The nearest ancestor that was not taken out; undefined where there is none. */
export function keptAncestor(parentId: string | undefined, takenOut: TakenOut): string | undefined {
  let ancestor = parentId;
  // At most one step per span that was taken out: ids in a circle end the walk, too.
  for (let steps = 0; steps <= takenOut.size && ancestor !== undefined; steps++) {
    if (!takenOut.has(ancestor)) return ancestor;
    ancestor = takenOut.get(ancestor);
  }
  return undefined;
}

/**
 * Encoded spans whose parents were taken out later become children of the nearest ancestor that was not. Ids keep
 * their length. Quotes inside of texts are escaped, so that only members match; an attribute that is called
 * `parent_span_id` and holds such an id is changed with them.
 */
export function reparentedText(text: string, takenOut: TakenOut): string {
  return text.replace(PARENT_MEMBER, (member: string, parentId: string) => {
    const ancestor = keptAncestor(parentId, takenOut);
    return ancestor === undefined || ancestor === parentId
      ? member
      : `"parent_span_id":"${validSpanId(ancestor)}"`;
  });
}
