import { readFileSync, writeFileSync } from 'node:fs';
import openapi, { astToString } from 'openapi-typescript';

/*
 * npm run types        writes app/lib/api-types.ts from the service's OpenAPI document
 * npm run types:check  fails when the file is not what the document gives
 */
const source = new URL('../../docs/openapi.json', import.meta.url);
const target = new URL('../app/lib/api-types.ts', import.meta.url);

export async function generateTypes() {
  const header = '// Generated from docs/openapi.json by `npm run types`. Do not edit.\n\n';
  // A field with a default may be left out of what is sent.
  return header + astToString(await openapi(source, { defaultNonNullable: false }));
}

export function committedTypes() {
  return readFileSync(target, 'utf8');
}

if (process.argv[1] === import.meta.filename) {
  const types = await generateTypes();
  if (!process.argv.includes('--check')) {
    writeFileSync(target, types);
  } else if (committedTypes() !== types) {
    console.error('app/lib/api-types.ts is not what docs/openapi.json gives. Run `npm run types` and commit the result.');
    process.exit(1);
  }
}
