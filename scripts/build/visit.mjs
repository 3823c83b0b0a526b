/** Calls `onNode` for a node of a syntax tree and for each node below it. */
export function visit(node, onNode) {
  if (typeof node.type === "string") onNode(node);
  for (const child of Object.values(node)) {
    if (Array.isArray(child)) child.forEach((item) => isObject(item) && visit(item, onNode));
    else if (isObject(child)) visit(child, onNode);
  }
}

function isObject(value) {
  return typeof value === "object" && value !== null;
}
