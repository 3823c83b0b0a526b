import { crc32, deflateSync } from "node:zlib";

const COLOURS = 16;
const SIGNATURE = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);

/**
 * Encodes pixels as a PNG with a palette of 16 colours, a tenth of the size of the browser's. Enough for a page of plain areas and
 * text.
 *
 * @param {{ width: number, height: number, rgba: Uint8Array }} image
 */
export function palettePng({ width, height, rgba }) {
  const pixels = Array.from({ length: width * height }, (_, index) => colourAt(rgba, index * 4));
  const counts = new Map();
  for (const colour of pixels) counts.set(colour, (counts.get(colour) ?? 0) + 1);
  const palette = paletteOf(counts);
  const positions = new Map([...counts.keys()].map((c) => [c, nearest(palette, c).position]));
  const header = Buffer.alloc(13);
  header.writeUInt32BE(width, 0);
  header.writeUInt32BE(height, 4);
  // Four bits for a pixel, which is a position in the palette.
  header.set([4, 3, 0, 0, 0], 8);
  const lines = scanlines(
    pixels.map((colour) => positions.get(colour)),
    width,
  );
  return Buffer.concat([
    SIGNATURE,
    chunk("IHDR", header),
    chunk("PLTE", Buffer.from(palette.flatMap(partsOf))),
    chunk("IDAT", deflateSync(lines, { level: 9, memLevel: 9 })),
    chunk("IEND", Buffer.alloc(0)),
  ]);
}

function colourAt(rgba, offset) {
  return (rgba[offset] << 16) | (rgba[offset + 1] << 8) | rgba[offset + 2];
}

function partsOf(colour) {
  return [colour >> 16, (colour >> 8) & 255, colour & 255];
}

// The most frequent colour first; then always the one that is worst shown by the others: far from them, or frequent.
function paletteOf(counts) {
  const weights = [...counts].map(([colour, count]) => ({ colour, weight: Math.sqrt(count) }));
  const palette = [weights.reduce((a, b) => (b.weight > a.weight ? b : a)).colour];
  while (palette.length < COLOURS) {
    const errors = weights.map(({ colour, weight }) => nearest(palette, colour).distance * weight);
    palette.push(weights[errors.indexOf(Math.max(...errors))].colour);
  }
  return palette;
}

function nearest(palette, colour) {
  const distances = palette.map((other) => {
    const parts = partsOf(other);
    return partsOf(colour).reduce((sum, part, index) => sum + (part - parts[index]) ** 2, 0);
  });
  const distance = Math.min(...distances);
  return { position: distances.indexOf(distance), distance };
}

// Each line begins with its filter: none. Then two pixels in a byte.
function scanlines(positions, width) {
  const bytes = Math.ceil(width / 2);
  const height = positions.length / width;
  const lines = Buffer.alloc((bytes + 1) * height);
  for (const [index, position] of positions.entries()) {
    const [x, y] = [index % width, Math.floor(index / width)];
    lines[y * (bytes + 1) + 1 + (x >> 1)] |= x % 2 === 0 ? position << 4 : position;
  }
  return lines;
}

function chunk(type, data) {
  const body = Buffer.concat([Buffer.from(type), data]);
  const length = Buffer.alloc(4);
  length.writeUInt32BE(data.length);
  const checksum = Buffer.alloc(4);
  checksum.writeUInt32BE(crc32(body));
  return Buffer.concat([length, body, checksum]);
}
