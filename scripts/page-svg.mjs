// Draws the upper left part of a page as an SVG: its texts, and the areas that have a colour of their own.

/**
 * Returns the picture as text, which is sharp at every size and smaller than a PNG.
 *
 * @param {import("playwright-core").Page} page
 * @param {{ width: number, height: number }} size
 */
export async function pageSvg(page, { width, height }) {
  const { background, areas, texts } = await page.evaluate(shapesOf, { width, height });
  const fill = colourOf(background);
  const drawn = areas.filter((area) => ![undefined, fill].includes(colourOf(area.background)));
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" font-family="Inter,system-ui,sans-serif">`,
    `<rect width="100%" height="100%" fill="${fill}"/>`,
    ...drawn.map(rectangle),
    ...groups(texts),
    "</svg>\n",
  ].join("\n");
}

function rectangle({ box, background, radius, opacity }) {
  const [x, y, width, height] = [box.x, box.y, box.width, box.height].map(Math.round);
  const rounded = radius > 0 ? ` rx="${Math.round(Math.min(radius, height / 2))}"` : "";
  const faint = opacity === "1" ? "" : ` opacity="${opacity}"`;
  const fill = colourOf(background);
  return `<rect x="${x}" y="${y}" width="${width}" height="${height}"${rounded} fill="${fill}"${faint}/>`;
}

/** Returns the texts as elements, one group for each style. */
function groups(texts) {
  const byStyle = new Map();
  for (const text of texts) {
    const style = styleOf(text);
    byStyle.set(style, [...(byStyle.get(style) ?? []), textElement(text)]);
  }
  return [...byStyle].map(([style, lines]) => `<g ${style}>\n${lines.join("\n")}\n</g>`);
}

function styleOf({ color, size, weight, family }) {
  const bold = weight === "400" ? "" : ` font-weight="${weight}"`;
  const mono = family.includes("mono") ? ` font-family="monospace"` : "";
  return `fill="${colourOf(color)}" font-size="${size}"${bold}${mono}`;
}

function textElement({ box, text, size, share }) {
  const spaces = text.length - text.trimStart().length;
  const x = Math.round(box.x + spaces * size * 0.28);
  // In the middle of its line: capitals have 0.72 of the size.
  const y = Math.round(box.y + box.height / 2 + size * 0.36);
  const shown = share < 1 ? `${text.slice(0, Math.floor(text.length * share) - 1)}…` : text;
  return `<text x="${x}" y="${y}">${shown.trim().replaceAll("&", "&amp;").replaceAll("<", "&lt;")}</text>`;
}

/** Returns the colour that a style computes to in hexadecimal digits; undefined for a transparent one. */
function colourOf(computed) {
  const [r, g, b, alpha = 1] = computed.match(/[\d.]+/g).map(Number);
  if (alpha === 0) return undefined;
  return `#${[r, g, b].map((part) => Math.round(part).toString(16).padStart(2, "0")).join("")}`;
}

// Runs in the page.
function shapesOf({ width, height }) {
  const areas = [];
  const texts = [];
  const isShown = ({ left, top, right }) =>
    right > Math.max(0, left) && left < width && top < height;

  function addArea(element) {
    const box = element.getBoundingClientRect();
    const { backgroundColor: background, borderRadius, opacity } = getComputedStyle(element);
    const radius = Number.parseFloat(borderRadius);
    if (isShown(box)) areas.push({ box: box.toJSON(), background, radius, opacity });
  }

  function addText(text, { box, element }) {
    const outer = element.parentElement;
    const isCut = getComputedStyle(outer).overflowX !== "visible";
    const isHidden = isCut && box.x > outer.getBoundingClientRect().right - 10;
    if (text.trim() === "" || isHidden || !isShown(box)) return;
    const { clientWidth, scrollWidth } = element;
    const { color, fontSize, fontWeight: weight, fontFamily: family } = getComputedStyle(element);
    // By the mean width of its characters.
    const share = clientWidth === 0 ? 1 : clientWidth / scrollWidth;
    const size = Number.parseFloat(fontSize);
    texts.push({ text, box: box.toJSON(), color, size, weight, family, share });
  }

  const shown = NodeFilter.SHOW_ELEMENT | NodeFilter.SHOW_TEXT;
  const walker = document.createTreeWalker(document.body, shown);
  for (let node = walker.nextNode(); node !== null; node = walker.nextNode()) {
    const element = node.nodeType === Node.TEXT_NODE ? node.parentElement : node;
    if (!element.checkVisibility()) continue;
    if (element === node) addArea(element);
    else if (element.closest("select") === null) {
      const range = document.createRange();
      range.selectNode(node);
      addText(node.data, { box: range.getBoundingClientRect(), element });
    }
  }
  for (const element of document.querySelectorAll("input, select")) {
    const { x, y, width: full, height: tall } = element.getBoundingClientRect();
    const text = element.placeholder ?? element.selectedOptions[0].text;
    addText(text, { box: new DOMRect(x + 10, y, full, tall), element });
  }
  return { background: getComputedStyle(document.body).backgroundColor, areas, texts };
}
