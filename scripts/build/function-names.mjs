// Gives public functions their names back, leaves them their short names where they are called, and shortens others.
import { shortFunctionEdits, shortFunctions } from "./short-functions.mjs";
import { childrenOf, visit } from "./visit.mjs";

const isFunction = ({ type }) => type === "FunctionDeclaration";

/**
 * Turns functions of a minified chunk into variables: a public one, `function a(){}`, into `var a=function send(){}`, and those
 * that only return a value into arrow functions. `code` is the text of the chunk; `plain` is the same chunk before, whose
 * functions stand in the same order; `exported` has the names that entries export. Returns the edits, the ranges of the
 * chunk in their new order, with a text that follows each, and the moved statements. These functions come first, because a variable has no value
 * before its line is reached.
 */
export function functionNames(program, { code, plain, exported }) {
  const names = namesBefore(program, plain);
  const variables = variablesIn(program);
  // As the name of a function expression it hides everything else that has it.
  const isKept = (node) => exported.has(names.get(node)) && !variables.has(names.get(node));
  const kept = new Set(program.body.filter(isKept));
  const short = new Set(shortFunctions(program));
  const moved = program.body.filter((node) => kept.has(node) || short.has(node));
  const edits = moved.flatMap((node, index) => {
    const prefix = index === 0 ? "var " : ",";
    if (!kept.has(node)) return shortFunctionEdits(node, { code, prefix });
    return [
      { start: node.start, end: node.start, text: `${prefix}${node.id.name}=` },
      { start: node.id.start, end: node.id.end, text: names.get(node) },
    ];
  });
  return { edits, order: orderOf(program.body, new Set(moved)), moved };
}

/** Returns the names that functions had, without the number that the bundler appends where several files use a name. */
function namesBefore(program, plain) {
  const before = plain.body.filter(isFunction);
  const after = program.body.filter(isFunction);
  const isSame = before.length === after.length && before.every((f, i) => isLike(f, after[i]));
  if (!isSame) throw new Error("the minifier changed the order of functions");
  return new Map(after.map((node, index) => [node, before[index].id.name.replace(/\$\d+$/, "")]));
}

function isLike(a, b) {
  return a.params.length === b.params.length && a.async === b.async && a.generator === b.generator;
}

/** Returns all identifiers that are not names of properties. */
function variablesIn(program) {
  const variables = new Set();
  visit(program, (node) => {
    const { key, property, computed } = node;
    for (const child of childrenOf(node)) {
      const isName = computed !== true && (child === key || child === property);
      if (child.type === "Identifier" && !isName) variables.add(child.name);
    }
  });
  return variables;
}

// Each range ends where the next statement begins. What stands before the first, directives included, stays there.
function orderOf(statements, kept) {
  const code = statements.filter(({ directive }) => typeof directive !== "string");
  const ranges = code.map((node, index) => ({
    start: node.start,
    end: code[index + 1]?.start ?? Infinity,
    isKept: kept.has(node),
  }));
  const first = ranges.filter(({ isKept }) => isKept);
  if (first.length > 0) first.at(-1).after = ";";
  return [{ start: 0, end: code[0].start }, ...first, ...ranges.filter(({ isKept }) => !isKept)];
}
