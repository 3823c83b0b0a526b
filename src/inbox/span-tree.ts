import type { ShownSpan } from "./views.js";

/** A row of a waterfall: one span, or several folded siblings. */
export interface SpanRow {
  readonly spans: readonly [ShownSpan, ...ShownSpan[]];
  readonly depth: number;
  /** Box-drawing characters before the name in a terminal. */
  readonly branch: string;
}

/** Minimum number of similar siblings that are folded: without children, and with children. */
const MIN_LEAVES = 3;
const MIN_TREES = 5;

// Deeper spans are drawn at this depth: there is no room for more, and the lines would take space quadratic in the
// depth.
const MAX_STEM_LENGTH = 24;

/**
 * Returns the spans as rows of a tree, each below its parent and ordered by time. A span whose parent has not arrived is
 * at the top. `fold` joins siblings of equal name, operation, service and outcome with similar descendants into one row.
 * Terminates for any input, including duplicate ids and cycles.
 */
export function rowsOf(spans: readonly ShownSpan[], { fold }: { fold: boolean }): SpanRow[] {
  const tree = treeOf(spans);
  const shapes = fold ? shapesOf(tree) : undefined;
  const rows: SpanRow[] = [];
  // A stack instead of recursion: a trace may be deeper than the call stack.
  const open: Pending[] = pendingOf(groupsOf(tree.tops, shapes, 1), undefined);
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    const [first, ...rest] = next.nodes;
    rows.push({
      spans: [first.span, ...rest.map(({ span }) => span)],
      depth: next.depth,
      branch: next.branch,
    });
    const children = next.nodes.flatMap((node) => node.children);
    open.push(...pendingOf(groupsOf(children, shapes, next.nodes.length), next));
  }
  return rows;
}

interface Node {
  readonly span: ShownSpan;
  readonly children: readonly Node[];
}

interface Tree {
  readonly tops: readonly Node[];
  /** Every parent comes before its children. */
  readonly inOrder: readonly Node[];
}

function treeOf(spans: readonly ShownSpan[]): Tree {
  const below = childrenByParent(spans);
  // Each list is removed when it is used, so that duplicate ids and cycles terminate.
  const take = (parent: string): Node[] => {
    const children = below.get(parent) ?? [];
    below.delete(parent);
    return children.map((span) => ({ span, children: [] }));
  };
  const tops = take("");
  const inOrder: Node[] = [];
  for (const top of tops) inOrder.push(top);
  for (let index = 0; index < inOrder.length || below.size > 0; index += 1) {
    const node = inOrder[index];
    if (node === undefined) {
      // Only spans in cycles are left.
      const [parent = ""] = below.keys();
      const found = take(parent);
      tops.push(...found);
      inOrder.push(...found);
      index -= 1;
    } else {
      const children = node.span.id === "" ? [] : take(node.span.id);
      for (const child of children) inOrder.push(child);
      (node.children as Node[]).push(...children);
    }
  }
  return { tops, inOrder };
}

// Spans without a known parent have an empty key.
function childrenByParent(spans: readonly ShownSpan[]): Map<string, ShownSpan[]> {
  const known = new Set(spans.map(({ id }) => id));
  const below = new Map<string, ShownSpan[]>();
  for (const span of spans.toSorted((a, b) => a.start - b.start)) {
    const parent = known.has(span.parentId) ? span.parentId : "";
    const siblings = below.get(parent);
    if (siblings === undefined) below.set(parent, [span]);
    else siblings.push(span);
  }
  return below;
}

/** A number for each node; similar nodes have the same number. */
type Shapes = ReadonlyMap<Node, number>;

function shapesOf({ inOrder }: Tree): Shapes {
  const numbers = new Map<string, number>();
  const shapes = new Map<Node, number>();
  for (const node of inOrder.toReversed()) {
    const { name, op, service, isFailed } = node.span;
    const below = [...new Set(node.children.map((child) => shapes.get(child) ?? -1))];
    const key = JSON.stringify([name, op, service, isFailed, below.toSorted((a, b) => a - b)]);
    const shape = numbers.get(key) ?? numbers.size;
    numbers.set(key, shape);
    shapes.set(node, shape);
  }
  return shapes;
}

type Group = [Node, ...Node[]];

// Children of a folded row are always folded, since they belong to several parents.
function groupsOf(nodes: readonly Node[], shapes: Shapes | undefined, parents: number): Group[] {
  if (shapes === undefined) return nodes.map((node): Group => [node]);
  const groups = new Map<number | undefined, Group>();
  for (const node of nodes) {
    const group = groups.get(shapes.get(node));
    if (group === undefined) groups.set(shapes.get(node), [node]);
    else group.push(node);
  }
  const folded = [...groups.values()].flatMap((group): Group[] => {
    const min = group[0].children.length === 0 ? MIN_LEAVES : MIN_TREES;
    return parents > 1 || group.length >= min ? [group] : group.map((node): Group => [node]);
  });
  return folded.toSorted(([a], [b]) => a.span.start - b.span.start);
}

interface Pending {
  readonly nodes: Group;
  readonly depth: number;
  readonly branch: string;
  /** Box-drawing characters in front of the branches of the children. */
  readonly stem: string;
}

// In reverse order for the stack. Spans without a parent have no branch.
function pendingOf(groups: readonly Group[], parent: Pending | undefined): Pending[] {
  return groups
    .map((nodes, index): Pending => {
      if (parent === undefined) return { nodes, depth: 0, branch: "", stem: "" };
      const { stem } = parent;
      const depth = parent.depth + 1;
      const isLast = index === groups.length - 1;
      const isDeep = stem.length >= MAX_STEM_LENGTH;
      const below = isDeep ? stem : `${stem}${isLast ? "  " : "│ "}`;
      return { nodes, depth, branch: `${stem}${isLast ? "└ " : "├ "}`, stem: below };
    })
    .toReversed();
}
