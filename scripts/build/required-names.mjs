// Reads the members of required modules once, when a chunk loads, and not wherever they are used.
import { parseAst } from "rolldown/parseAst";

import { visit } from "./visit.mjs";

// With one use, the name in the pattern is as long as what it saves.
const MIN_USES = 2;

/**
 * Turns `let x = require("y")` and each `x.a` of a CommonJS chunk into `const { a: x$a } = require("y")` and `x$a`, which the
 * minifier shortens. Each text keeps its length, and so its place in the source map.
 */
export function withRequiredNames(code) {
  const program = parseAst(code);
  const { members, identifiers } = namesIn(program);
  const edits = requiredIn(program).flatMap(({ declaration, name, init }) => {
    const uses = members.get(name) ?? new Map();
    const read = [...uses].filter(([, nodes]) => nodes.length >= MIN_USES);
    const isRest = [...uses.values()].flat().length + 1 !== identifiers.get(name);
    if (read.length === 0 || isRest) return [];
    const pattern = `{ ${read.map(([member]) => `${member}: ${name}$${member}`).join(", ")} }`;
    const source = code.slice(init.start, init.end);
    const text =
      read.length === uses.size
        ? `const ${pattern} = ${source};`
        : `const ${name} = ${source}, ${pattern} = ${name};`;
    const reads = read.flatMap(([member, nodes]) =>
      nodes.map(({ start, end }) => ({ start, end, text: `${name}$${member}` })),
    );
    return [{ start: declaration.start, end: declaration.end, text }, ...reads];
  });
  return edited(code, edits);
}

function requiredIn({ body }) {
  return body.flatMap((declaration) => {
    const [{ id, init } = {}] = declaration.declarations ?? [];
    const isRequire = init?.type === "CallExpression" && init.callee.name === "require";
    return isRequire ? [{ declaration, name: id.name, init }] : [];
  });
}

/** Returns the nodes `x.a` by the names `x` and `a`, and how often each identifier stands anywhere. */
function namesIn(program) {
  const members = new Map();
  const identifiers = new Map();
  visit(program, (node) => {
    if (node.type === "Identifier")
      identifiers.set(node.name, (identifiers.get(node.name) ?? 0) + 1);
    if (node.type !== "MemberExpression" || node.computed || node.object.type !== "Identifier")
      return;
    const ofObject = members.get(node.object.name) ?? new Map();
    members.set(node.object.name, ofObject);
    ofObject.set(node.property.name, [...(ofObject.get(node.property.name) ?? []), node]);
  });
  return { members, identifiers };
}

function edited(code, edits) {
  let text = "";
  let position = 0;
  for (const { start, end, text: replacement } of edits.toSorted((a, b) => a.start - b.start)) {
    text += code.slice(position, start) + replacement;
    position = end;
  }
  return text + code.slice(position);
}
