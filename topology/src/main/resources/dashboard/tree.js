// The draft tree of a cycle, roots at the left.
const SVG = "http://www.w3.org/2000/svg";
const WIDTH = 480;
const HEIGHT = 240;
const MARGIN = 10;

function kindOf(node) {
  if (node.accepted) return "accepted";
  return node.verified ? "rejected" : "drafted-only";
}

// Leaves take a line each, a parent the middle of its children.
function layOut(nodes) {
  const children = new Map();
  nodes.forEach((node, i) => children.set(node.parent, [...(children.get(node.parent) ?? []), i]));
  const places = new Map();
  let lines = 0;
  let levels = 0;
  const place = (i, level) => {
    const below = children.get(i) ?? [];
    below.forEach((child) => place(child, level + 1));
    const line = below.length === 0
      ? lines++
      : (places.get(below[0]).line + places.get(below.at(-1)).line) / 2;
    levels = Math.max(levels, level);
    places.set(i, { level, line });
  };
  place(-1, 0);
  return { places, lines, levels };
}

function shape(name, attributes, title) {
  const element = document.createElementNS(SVG, name);
  Object.entries(attributes).forEach(([key, value]) => element.setAttribute(key, value));
  if (title) element.appendChild(document.createElementNS(SVG, "title")).textContent = title;
  return element;
}

export function drawTree(svg, nodes) {
  const { places, lines, levels } = layOut(nodes);
  const across = (WIDTH - 2 * MARGIN) / Math.max(1, levels);
  const down = (HEIGHT - 2 * MARGIN) / Math.max(1, lines - 1);
  const at = (i) => ({ x: MARGIN + places.get(i).level * across, y: MARGIN + places.get(i).line * down });
  const edges = [];
  const dots = [shape("circle", { cx: at(-1).x, cy: at(-1).y, r: 7, class: "root" }, "last token of the text")];
  nodes.forEach((node, i) => {
    const from = at(node.parent);
    const to = at(i);
    const kind = kindOf(node);
    edges.push(shape("line", { x1: from.x, y1: from.y, x2: to.x, y2: to.y, class: kind }));
    dots.push(shape("circle", { cx: to.x, cy: to.y, r: node.verified ? 6 : 2.5, class: kind },
      `token ${node.token}, ${kind}, confidence ${node.confidence.toFixed(3)}`));
  });
  svg.setAttribute("viewBox", `0 0 ${WIDTH} ${HEIGHT}`);
  svg.replaceChildren(...edges, ...dots);
}
