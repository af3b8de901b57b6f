import { expect, test } from 'vitest';
import { callExamples } from './examples';

test('every example calls the API at its address', () => {
  const examples = callExamples('https://api.example.com');
  expect(examples).toHaveLength(7);
  expect(examples.filter(({ code }) => !code.includes('https://api.example.com')).map(({ name }) => name)).toEqual([]);
});
