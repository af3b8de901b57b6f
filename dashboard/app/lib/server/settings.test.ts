import { expect, test } from 'vitest';
import { readSettings } from './settings';

test('development needs no settings', () => {
  const { settings, problems } = readSettings({ NODE_ENV: 'development' });
  expect(problems).toEqual([]);
  expect([settings.publicApiUrl, settings.internalApiUrl]).toEqual(['http://localhost:3001', 'http://localhost:3001']);
});

test('production needs the API’s address', () => {
  const { problems } = readSettings({ NODE_ENV: 'production' });
  expect(problems).toEqual([expect.stringMatching(/^NEXT_PUBLIC_API_URL is not set; /)]);
});

test('the server takes its own way to the API where there is one', () => {
  const { settings } = readSettings({ NODE_ENV: 'production', NEXT_PUBLIC_API_URL: 'https://api.example/', API_INTERNAL_URL: 'http://codexible:3001' });
  expect([settings.publicApiUrl, settings.internalApiUrl]).toEqual(['https://api.example', 'http://codexible:3001']);
});

test('all that is wrong is said at once, by name', () => {
  const { problems } = readSettings({
    NODE_ENV: 'production',
    NEXT_PUBLIC_API_URL: 'api.example',
    API_INTERNAL_URL: 'https://someone:secret@api.example',
    TRUSTED_PROXIES: '10.0.0.0/8, 10.0.0.0/33, proxy, 10.0.0.1/, ::1/129',
  });
  expect(problems.map((problem) => problem.split(' ')[0])).toEqual([
    'NEXT_PUBLIC_API_URL',
    'API_INTERNAL_URL',
    'TRUSTED_PROXIES',
    'TRUSTED_PROXIES',
    'TRUSTED_PROXIES',
    'TRUSTED_PROXIES',
  ]);
  expect(problems.join()).not.toContain('secret');
});
