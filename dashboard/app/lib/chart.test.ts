import { expect, test } from 'vitest';
import { barAt, labelledBars, layoutBars, niceTicks } from './chart';

test.each([
  [0, [0, 1]],
  [1, [0, 1]],
  [3, [0, 1, 2, 3]],
  [89, [0, 50, 100]],
  [200, [0, 50, 100, 150, 200]],
  [201, [0, 100, 200, 300]],
])('the axis up to %d is one that a person would draw', (max, ticks) => {
  expect(niceTicks(max, 4)).toEqual(ticks);
});

test('the axis reaches every value with few whole, even steps', () => {
  for (let max = 1; max < 3e9; max = Math.ceil(max * 1.37)) {
    const ticks = niceTicks(max, 4);
    expect(ticks.every(Number.isInteger)).toBe(true);
    expect(ticks.at(-1)).toBeGreaterThanOrEqual(max);
    expect(ticks.at(-2)).toBeLessThan(max);
    expect(ticks.length).toBeLessThanOrEqual(6);
    expect(new Set(ticks.slice(1).map((tick, index) => tick - (ticks[index] ?? 0))).size).toBe(1);
  }
});

test('bars stand on the ground, in order, inside the plot, as high as their values', () => {
  const values = [0, 1, 50, 100, 12];
  const { bars } = layoutBars(values, 200);
  expect(bars.map(({ y, height }) => y + height)).toEqual([200, 200, 200, 200, 200]);
  expect(bars.map(({ height }) => height)).toEqual([0, 2, 100, 200, 24]);
  bars.forEach(({ xPercent, widthPercent }, index) => {
    expect(xPercent).toBeGreaterThanOrEqual(index * 20);
    expect(xPercent + widthPercent).toBeLessThanOrEqual((index + 1) * 20);
  });
});

test('what was used a little is still seen, what was not used is not', () => {
  const { bars } = layoutBars([1, 0, 1_000_000], 176);
  expect(bars.map(({ height }) => height)).toEqual([1, 0, 176]);
});

test('labels leave room for each other and always name the last bar', () => {
  expect(labelledBars(7, 7)).toEqual([0, 1, 2, 3, 4, 5, 6]);
  expect(labelledBars(30, 7)).toEqual([1, 8, 15, 22, 29]);
  for (const length of [1, 2, 7, 30, 90, 365]) {
    const labelled = labelledBars(length, 7);
    expect(labelled.length).toBeLessThanOrEqual(7);
    expect(labelled.at(-1)).toBe(length - 1);
  }
});

test('a position picks the bar above it, or else the nearest', () => {
  expect([-0.1, 0, 0.49, 0.5, 0.999, 1, 2].map((share) => barAt(share, 2))).toEqual([0, 0, 0, 1, 1, 1, 1]);
});
