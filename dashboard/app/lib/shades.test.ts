import { readFileSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import { contrast, grounds, isAccent, shadesOf, styleSheetOf, type Shades } from './shades';

const root = path.resolve(import.meta.dirname, '../..');
const examples = JSON.parse(readFileSync(path.join(root, 'testing/shades.json'), 'utf8')) as Shades[];

test('the shades are those that the console shows', () => {
  expect(examples.length).toBeGreaterThan(5);
  for (const example of examples) expect(shadesOf(example.accent)).toEqual(example);
});

test('text is readable on every accent and in its shades, in both themes', () => {
  const faults: string[] = [];
  for (let n = 0; n <= 0xffffff; n += 0x02f3a7) {
    const accent = `#${n.toString(16).padStart(6, '0')}`;
    const { onAccent, light, dark } = shadesOf(accent);
    if (contrast(onAccent, accent) < 4.5) faults.push(`${onAccent} on ${accent}`);
    for (const [theme, backgrounds] of [[light, grounds.light], [dark, grounds.dark]] as const) {
      for (const background of [theme.wash, ...backgrounds]) if (contrast(theme.ink, background) < 4.5) faults.push(`${theme.ink} of ${accent} on ${background}`);
      for (const background of backgrounds) if (contrast(theme.chart, background) < 3) faults.push(`${theme.chart} of ${accent} on ${background}`);
    }
  }
  expect(faults).toEqual([]);
});

test('the backgrounds are those of the style sheet', () => {
  const css = readFileSync(path.join(root, 'app/globals.css'), 'utf8');
  for (const [i, name] of ['paper', 'surface', 'sunken'].entries()) {
    expect(css).toContain(`--${name}: light-dark(${grounds.light[i]}, ${grounds.dark[i]});`);
  }
});

test('the style sheet sets every colour that the accent has in globals.css', () => {
  const css = readFileSync(path.join(root, 'app/globals.css'), 'utf8');
  const names = (text: string) => [...text.matchAll(/^\s+(--(?:accent|on-accent|chart)[a-z-]*): /gm)].map((match) => match[1]).sort();
  expect(names(styleSheetOf('#0f766e'))).toEqual(names(css));
});

test.each([null, '', 'red', '#0F766E', '#0f766', '#0f766e;}', '#0f766e\n'])('%j is no accent', (text) => {
  expect(isAccent(text)).toBe(false);
});
