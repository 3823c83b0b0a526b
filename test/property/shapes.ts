import type { Block, Node } from "./syntax.js";

/** Counts the nestings that a program has. */
export function nestingsIn(program: Block, count: (name: string) => void): void {
  visit(program, [], count);
}

function visit(block: Block, above: readonly Node["type"][], count: (name: string) => void): void {
  for (const node of block) {
    if (node.type === "span" && above.includes("fork")) count("span inside a fork");
    if (node.type === "fork" && isForkInPar(above)) count("fork inside a fork inside a par");
    if (node.type === "write" && node.what === "context") count("write of a nested object");
    for (const body of bodiesOf(node)) visit(body, [...above, node.type], count);
  }
}

function isForkInPar(above: readonly Node["type"][]): boolean {
  return above.includes("par") && above.lastIndexOf("fork") > above.indexOf("par");
}

/** The blocks directly inside of a node. */
export function bodiesOf(node: Node): readonly Block[] {
  if (node.type === "par") return node.branches;
  if (node.type === "generator") return [node.here, node.there];
  if (node.type === "request")
    return [[...node.before, node.root, ...(node.again === undefined ? [] : [node.again])]];
  return "body" in node ? [node.body] : [];
}
