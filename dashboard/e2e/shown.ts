import type { Page } from 'playwright-core';

/*
 * What the pictures in docs/pictures show. `npm run pictures` takes them and
 * writes the labels that can be read in them to manifest.json; tests compare
 * the labels with the pages, so a picture of what is no longer there fails.
 */

export interface Picture {
  file: string;
  /** The page that it shows. */
  page: string;
  width: number;
  height: number;
  sha256: string;
  /** The headings, links of the navigation and names of figures that it shows. */
  labels: string[];
}

/** The labels of a page in their order, each once; those that are wholly above `bottom`, in pixels. */
export function labelsOf(page: Page, bottom = 1e9): Promise<string[]> {
  return page.evaluate((bottom) => {
    const inSight = (element: Element) => {
      const area = element.getBoundingClientRect();
      return area.width > 1 && area.top >= 0 && area.bottom <= bottom;
    };
    const named = Array.from(document.querySelectorAll('h1, h2, h3, nav a, dt')).filter(inSight);
    return [...new Set(named.map((element) => element.textContent.replace(/\s+/g, ' ').trim()))].filter((text) => text !== '');
  }, bottom);
}
