import type { Browser } from 'playwright-core';
import { launchBrowser, startDashboard, type Dashboard, type Mode } from './dashboard';
import { Service } from './service';

type Environment = Record<string, string>;

/** The service, the dashboard in front of it and a browser. */
export interface Stack {
  service: Service;
  dashboard: Dashboard;
  browser: Browser;
  stop: () => Promise<void>;
}

interface Wanted {
  mode?: Mode;
  /** Whether the service has a demo's data, or none. */
  demo?: boolean;
  service?: Environment;
  dashboard?: Environment;
}

/** Starts all three; if one does not start, those that did are stopped. */
export async function startStack({ mode = 'production', demo = true, service: ofService = {}, dashboard: ofDashboard = {} }: Wanted = {}): Promise<Stack> {
  const stops: (() => Promise<void>)[] = [];
  const stop = async () => {
    for (const each of stops.splice(0).reverse()) await each();
  };
  try {
    const service = await (demo ? Service.start(ofService) : Service.startEmpty(ofService));
    stops.push(() => service.stop());
    const dashboard = await startDashboard(service, mode, ofDashboard);
    stops.push(() => dashboard.stop());
    const browser = await launchBrowser();
    stops.push(() => browser.close());
    return { service, dashboard, browser, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}
