// Writes static/docs/swagger-ui/packages.json: the licences of the npm packages that Swagger UI's bundle contains. Which those are
// says the source map beside the bundle in the Go module; their texts are in the packages that npm installs for swagger-ui. The
// bundle does not name their versions: those here are the ones that swagger-ui asks for.
import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';

const here = import.meta.dirname;
const root = path.resolve(here, '../../..');
const module = execFileSync('go', ['list', '-m', '-f', '{{.Dir}}', 'github.com/swaggo/files/v2'], { cwd: root, encoding: 'utf8' }).trim();
const { sources } = JSON.parse(readFileSync(path.join(module, 'dist/swagger-ui-bundle.js.map'), 'utf8'));
const names = new Set(sources.flatMap((source) => [...source.matchAll(/node_modules\/((?:@[^/]+\/)?[^/]+)/g)].slice(-1).map(([, name]) => name)));

/** The folders of a package, wherever npm has put its versions. */
function* folders(name, modules = path.join(here, 'node_modules')) {
  const folder = path.join(modules, name);
  if (existsSync(path.join(folder, 'package.json'))) yield folder;
  for (const each of readdirSync(modules)) {
    const inner = each.startsWith('@') ? readdirSync(path.join(modules, each)).map((part) => path.join(each, part)) : [each];
    for (const one of inner) {
      const nested = path.join(modules, one, 'node_modules');
      if (existsSync(nested)) yield* folders(name, nested);
    }
  }
}

// Each text once: packages name it by its place.
const texts = [];
const placeOf = (text) => (texts.includes(text) ? texts.indexOf(text) : texts.push(text) - 1);

const packages = [...names].sort().map((name) => {
  const [folder] = folders(name);
  if (!folder) throw new Error(`${name} is in the bundle and not among the packages here: add it to package.json`);
  const { version, license, licenses, author = '' } = JSON.parse(readFileSync(path.join(folder, 'package.json'), 'utf8'));
  const files = readdirSync(folder, { withFileTypes: true, recursive: true })
    .filter((entry) => entry.isFile() && !entry.parentPath.includes('node_modules', folder.length))
    .map((entry) => path.relative(folder, path.join(entry.parentPath, entry.name)))
    .filter((file) => /^(licen[cs]e|copying|notice)[^/]*$|^licenses\//i.test(file))
    .sort()
    .map((file) => ({ name: file, text: placeOf(readFileSync(path.join(folder, file), 'utf8')) }));
  return { name, version, licence: license ?? licenses?.map(({ type }) => type).join(' AND ') ?? '', author: typeof author === 'object' ? author.name : author, files };
});
writeFileSync(path.join(root, 'static/docs/swagger-ui/packages.json'), `${JSON.stringify({ packages, texts }, null, 1)}\n`);
