import { renderToStaticMarkup } from 'react-dom/server';
import { expect, test } from 'vitest';
import { BarChart } from './bar-chart';

const bars = [
  { label: '23 Nov', value: 40, detail: '23 Nov 2026: 40 credits' },
  { label: '24 Nov', value: 0, detail: '24 Nov 2026: 0 credits' },
];

test('a chart is whole without a script, and its policy-breaking style attributes are none', () => {
  const html = renderToStaticMarkup(<BarChart label="Credits" bars={bars} summary="40 credits" labelled={[1]} />);
  expect(html.match(/chart-bar/g)).toHaveLength(2);
  expect(html).toContain('>24 Nov<');
  expect(html).not.toContain('>23 Nov<');
  expect(html).toContain('40 credits');
  expect(html).not.toContain('style=');
});

test('to assistive technology a chart is a slider that stands on its last bar', () => {
  const html = renderToStaticMarkup(<BarChart label="Credits" bars={bars} summary="" labelled={[]} />);
  expect(html).toMatch(/role="slider" tabindex="0" aria-label="Credits" aria-valuemin="1" aria-valuemax="2" aria-valuenow="2" aria-valuetext="24 Nov 2026: 0 credits"/);
});
