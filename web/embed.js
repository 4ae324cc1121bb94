// Writes the built pages as a C++ source file: node embed.js DIST FILE
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { extname, join } from 'node:path';
import { gzipSync } from 'node:zlib';

const [dist, out] = process.argv.slice(2);

const types = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.woff2': 'font/woff2',
};

function literal(bytes) {
  const parts = [];
  for (let i = 0; i < bytes.length; i += 4096) {
    let text = '';
    for (const byte of bytes.subarray(i, i + 4096)) {
      // Three octal digits always: a digit that follows is never part of the escape.
      const plain = byte >= 32 && byte < 127 && byte !== 34 && byte !== 92 && byte !== 63;
      text += plain ? String.fromCharCode(byte) : '\\' + byte.toString(8).padStart(3, '0');
    }
    parts.push(`"${text}"`);
  }
  return parts.length === 0 ? '""' : parts.join('\n');
}

function describe(path, bytes) {
  const type = types[extname(path) || '.html'];
  if (!type) throw new Error(`embed: no media type is known for ${path}`);
  const zipped = gzipSync(bytes, { level: 9 });
  const tag = createHash('sha256').update(bytes).digest('hex').slice(0, 16);
  return { path, type, bytes, zipped, tag, lasting: path.startsWith('/assets/') };
}

const names = readdirSync(join(dist, 'assets')).sort();
const assets = names.map((name) =>
  describe(`/assets/${name}`, readFileSync(join(dist, 'assets', name))),
);

/// The files that a page's document leads to, straight or by way of others.
function filesOf(document) {
  const text = readFileSync(join(dist, document));
  const found = new Set();
  const pending = [text.toString()];
  while (pending.length > 0) {
    const holder = pending.pop();
    for (const asset of assets) {
      const name = asset.path.slice('/assets/'.length);
      if (found.has(asset) || !holder.includes(name)) continue;
      found.add(asset);
      if (asset.path.endsWith('.js') || asset.path.endsWith('.css'))
        pending.push(asset.bytes.toString());
    }
  }
  return [describe('/', text), ...assets.filter((asset) => found.has(asset))];
}

const pages = { peer: filesOf('peer.html'), tracker: filesOf('tracker.html') };

/// Both pages lead to many of the same files, each of which is written once.
const files = [...new Set([...pages.peer, ...pages.tracker])];

function constant(file, index) {
  return (
    `constexpr File file${index}{"${file.path}", "${file.type}",\n` +
    `    std::string_view(${literal(file.bytes)}, ${file.bytes.length}),\n` +
    `    std::string_view(${literal(file.zipped)}, ${file.zipped.length}),\n` +
    `    "${file.tag}", ${file.lasting}};\n`
  );
}

function array(name) {
  const items = pages[name].map((file) => `file${files.indexOf(file)}`);
  return `constexpr File ${name}_files[] = {${items.join(', ')}};\n`;
}

writeFileSync(
  out,
  '#include "pages/pages.h"\n\nnamespace shoal::pages {\nnamespace {\n\n' +
    files.map(constant).join('') +
    array('peer') +
    array('tracker') +
    '\n}  // namespace\n\nstd::span<const File> peer_page() { return peer_files; }\n' +
    'std::span<const File> tracker_page() { return tracker_files; }\n\n}  // namespace shoal::pages\n',
);
