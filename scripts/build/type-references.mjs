// Finds the names in a declaration that stand for other declarations.
import { visit } from "./visit.mjs";

/** Returns the syntax trees of the names of types, of values after `typeof`, of base classes and of computed keys. */
export function referencesIn(declaration) {
  const references = [];
  const own = new Set();
  visit(declaration, (node) => {
    if (node.type === "TSTypeParameter") own.add(node.name.name);
    if (node.type === "TSMappedType") own.add(node.key?.name ?? node.typeParameter?.name.name);
    if (node.type === "TSImportType")
      throw new Error("import types by statements, not by `import()`");
    for (const name of referredBy(node)) references.push(leftmost(name));
  });
  return references.filter(({ type, name }) => type === "Identifier" && !own.has(name));
}

/** Returns the parts of `a.b`, where the declaration is one constant of the type `typeof a.b`. */
export function typeQueryOf(declarations) {
  const [declarator] = declarations[0]?.node.declarations ?? [];
  const type = declarator?.id.typeAnnotation?.typeAnnotation;
  if (declarations.length !== 1 || type?.type !== "TSTypeQuery") return undefined;
  return partsOf(type.exprName);
}

function referredBy(node) {
  switch (node.type) {
    case "TSTypeReference":
      return [node.typeName];
    case "TSTypeQuery":
      return [node.exprName];
    case "TSInterfaceHeritage":
    case "TSClassImplements":
      return [node.expression];
    case "ClassDeclaration":
      return node.superClass === null ? [] : [node.superClass];
    default:
      return node.computed === true && node.key !== undefined ? [node.key] : [];
  }
}

function leftmost(name) {
  if (name.type === "TSQualifiedName") return leftmost(name.left);
  return name.type === "MemberExpression" ? leftmost(name.object) : name;
}

function partsOf(name) {
  if (name.type === "Identifier") return [name.name];
  return name.type === "TSQualifiedName" ? [...partsOf(name.left), name.right.name] : undefined;
}
