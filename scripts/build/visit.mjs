/** Calls `onNode` for a node of a syntax tree and for each node below it. */
export function visit(node, onNode) {
  if (typeof node.type === "string") onNode(node);
  for (const child of childrenOf(node)) visit(child, onNode);
}

/** Returns the nodes that stand directly below a node, in the order of the text. */
export function childrenOf(node) {
  return Object.values(node).flat().filter(isObject);
}

function isObject(value) {
  return typeof value === "object" && value !== null;
}
