// Shortens functions that only return a value: `function a(e){return e.b}` to `a=e=>e.b`.
import { childrenOf, visit } from "./visit.mjs";

const OWN_THIS = new Set(["FunctionDeclaration", "FunctionExpression"]);

/**
 * Returns the functions of a minified chunk that may be arrow functions. Only those that consist of one `return`: as
 * arrow functions, the others would take the compiler half as long again.
 */
export function shortFunctions(program) {
  const constructed = constructedIn(program);
  return program.body.filter(
    (node) =>
      node.type === "FunctionDeclaration" &&
      !node.generator &&
      !constructed.has(node.id.name) &&
      returnedBy(node) !== undefined &&
      !usesOwnThis(node),
  );
}

/** Returns the edits of `code` that turn a function into `prefix`, its name, `=` and an arrow function. */
export function shortFunctionEdits(node, { code, prefix }) {
  const { id, params, body } = node;
  const returned = returnedBy(node);
  const isPlain = params.length === 1 && params[0].type === "Identifier";
  const isWrapped = code[returned.start] === "{" || returned.type === "SequenceExpression";
  const head = `${prefix}${id.name}=${node.async ? "async " : ""}`;
  return [
    { start: node.start, end: isPlain ? params[0].start : id.end, text: head },
    {
      start: isPlain ? params[0].end : body.start,
      end: returned.start,
      text: isWrapped ? "=>(" : "=>",
    },
    { start: returned.end, end: node.end, text: isWrapped ? ")" : "" },
  ];
}

function returnedBy({ body }) {
  const [statement] = body.body;
  const isReturn = body.body.length === 1 && statement.type === "ReturnStatement";
  return isReturn ? (statement.argument ?? undefined) : undefined;
}

function constructedIn(program) {
  const names = new Set();
  visit(program, ({ type, callee }) => {
    if (type === "NewExpression" && callee.type === "Identifier") names.add(callee.name);
  });
  return names;
}

function usesOwnThis(node) {
  return childrenOf(node).some(
    (child) =>
      child.type === "ThisExpression" ||
      child.type === "MetaProperty" ||
      (child.type === "Identifier" && child.name === "arguments") ||
      (!OWN_THIS.has(child.type) && usesOwnThis(child)),
  );
}
