import { renderToStaticMarkup } from 'react-dom/server';
import type { ReactElement } from 'react';
import { describe, expect, test } from 'vitest';
import type { Charge, ModelUsage, UsageDay } from '@/app/lib/api';
import { messagesIn } from '@/app/lib/i18n';
import { SpeechProvider } from '@/app/ui/preferences';
import { Charges } from './charges-panel';
import { History } from './history-panel';
import { Models } from './models-panel';

function markup(element: ReactElement): string {
  return renderToStaticMarkup(
    <SpeechProvider language="en" messages={messagesIn('en')}>
      {element}
    </SpeechProvider>,
  );
}

/** What a reader hears of it. */
const text = (element: ReactElement) => markup(element).replace(/<[^>]+>/g, ' ').replace(/\s+([,.]|$)/g, '$1').replace(/\s+/g, ' ');

const buckets = {
  input_tokens: 1200, cache_read_tokens: 0, cache_write_tokens: 0, cache_write_1h_tokens: 0, audio_input_tokens: 0,
  output_tokens: 340, audio_output_tokens: 0, reasoning_tokens: 0, requests: 1, web_searches: 0, service_tier: null,
};

function charge(cost_usd: number, tokens: Charge['tokens'] = null, prompt_tokens = 1200, completion_tokens = 340): Charge {
  return { id: '1', model: 'coder', prompt_tokens, completion_tokens, cost_usd, credits: 2, tokens, request_id: null, outcome: null, source: null, first_token_ms: null, tokens_per_second: null, created_at: '2026-11-24T09:05:00Z', date: '2026-11-24' };
}

describe('what costs nothing', () => {
  const days = (cost_usd: number): UsageDay[] => [{ date: '2026-11-24', credits_used: 40, request_count: 2, cost_usd }];
  const models = (...costs: number[]): ModelUsage[] =>
    costs.map((total_cost, n) => ({ model: `model-${n}`, total_cost, requests: 1 + 2 * n, prompt_tokens: 10, completion_tokens: 5 }));

  test.each([
    ['the days', <History key="" rows={days(0)} />, <History key="" rows={days(0.5)} />],
    ['the models', <Models key="" rows={models(0, 0)} />, <Models key="" rows={models(0.5, 0)} />],
    ['the charges', <Charges key="" rows={[charge(0)]} />, <Charges key="" rows={[charge(0.5)]} />],
  ])('says nothing of costs in %s', (_, free, dear) => {
    expect(markup(free)).not.toMatch(/\$|[Cc]ost/);
    expect(text(dear)).toContain('$0.50');
  });

  test('leaves the models their share of the requests', () => {
    expect(text(<Models rows={models(0, 0)} />)).toMatch(/Share of requests .*model-0 1 10 5 25% .*model-1 3 10 5 75%$/);
    expect(text(<Models rows={models(0.3, 0.1)} />)).toMatch(/Share of cost .*model-0 1 10 5 \$0\.30 75% .*model-1 3 10 5 \$0\.10 25%$/);
  });
});

describe('the tokens of a charge', () => {
  test('are its sums alone where it has no price', () => {
    expect(text(<Charges rows={[charge(0)]} />)).toMatch(/ coder 2 1,200 340 Why\?/);
    expect(text(<Charges rows={[charge(0, buckets)]} />)).toMatch(/ coder 2 1,200 340 Why\?/);
  });

  test('are told apart where they are priced or counted apart', () => {
    const tokens = { ...buckets, cache_read_tokens: 8000, cache_write_tokens: 300, cache_write_1h_tokens: 20, audio_input_tokens: 7, reasoning_tokens: 120, audio_output_tokens: 9 };
    const said = text(<Charges rows={[charge(0, tokens, 9527, 349)]} />);
    expect(said).toContain('coder 2 9,527 including 8,000 cached, 300 cache write, 20 cache write (1 h), 7 audio 349 including 120 reasoning, 9 audio');
  });

  test('stand beside what else makes the price', () => {
    const said = text(<Charges rows={[charge(0, { ...buckets, service_tier: 'flex', web_searches: 3, requests: 2 })]} />);
    expect(said).toContain('coder Service tier: flex, 3 web searches, 2 requests 2 1,200');
  });
});
