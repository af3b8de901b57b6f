import { readSettings } from './settings';
import { settleViewerAddresses } from './viewer';

/** Checks the settings, all at once, and stops the start when one is wrong. */
export function prepare(): void {
  const environment: Record<string, string | undefined> = process.env;
  const { settings, problems } = readSettings(environment);
  if (problems.length > 0) {
    for (const problem of problems) console.error(`dashboard: ${problem}`);
    process.exit(1);
  }
  settleViewerAddresses(settings.trustedProxies);
}
