/** Runs once before the server takes requests. */
export async function register() {
  if (process.env.NEXT_RUNTIME !== 'nodejs') return;
  const { prepare } = await import('./app/lib/server/prepare');
  prepare();
}
