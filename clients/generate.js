// Makes the clients of the tours, unedited, from the OpenAPI document.
import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';

export const here = fileURLToPath(new URL('.', import.meta.url));
const document = `${here}../docs/openapi.json`;

/** Runs a program of node_modules; an error has what it printed. */
export function run(program, ...args) {
  try {
    return execFileSync(`${here}node_modules/.bin/${program}`, args, { cwd: here, encoding: 'utf8', stdio: 'pipe' });
  } catch (error) {
    throw new Error(`${program}: ${error.stdout}${error.stderr}`);
  }
}

export default function generate() {
  run('openapi-typescript', document, '-o', '.generated/openapi-fetch.ts');
  run('openapi-ts', '-i', document, '-o', '.generated/hey-api', '--silent', '--no-log-file');
}
