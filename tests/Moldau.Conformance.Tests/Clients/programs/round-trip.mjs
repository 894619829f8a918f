// What the JavaScript clients share: the settings given as JSON, the records to send, and writing those received.
import fs from 'node:fs';
import path from 'node:path';
import { createRequire } from 'node:module';

export const settings = JSON.parse(process.argv[2]);

// The clients are installed in a cache folder, not beside these programs.
export const load = createRequire(path.join(settings.modules, 'package.json'));

const unpack = text => (text === null ? null : Buffer.from(text, 'base64'));
const pack = data => (data === null || data === undefined ? null : Buffer.from(data).toString('base64'));

export function records() {
  return fs.readFileSync(settings.input, 'utf8').split('\n').filter(line => line).map(line => {
    const r = JSON.parse(line);
    return { partition: r.p, key: unpack(r.k), value: unpack(r.v), headers: r.h.map(([n, v]) => [n, unpack(v)]) };
  });
}

// Rows are { partition, offset, key, value, headers: [[name, value]...] }.
export function received(rows) {
  fs.writeFileSync(settings.output, rows.map(r => JSON.stringify({
    p: r.partition, o: Number(r.offset), k: pack(r.key), v: pack(r.value), h: r.headers.map(([n, v]) => [n, pack(v)]),
  }) + '\n').join(''));
}

export function report(facts) {
  fs.writeSync(1, JSON.stringify(facts) + '\n');
}
